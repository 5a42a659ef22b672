/** One installed package beside the table: what it is, why it is there, what can be done with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IRow, isManaged } from '../../models/page/packageRows';
import type { Resource } from '../../models/page/resource';
import { formatBytes } from '../format';
import { sourceText } from './badges';
import { Chains } from './chains';
import { Loaded } from './states';

export interface IPackageDetailsProps {
  readonly row: IRow;
  /** `null` until somebody asks why. */
  readonly why: Resource<string[][]> | null;
  /** Whether the cart holds something for it. */
  readonly pending: boolean;
  /** Whether the environment cannot be changed. */
  readonly readOnly: boolean;
  readonly trans: TranslationBundle;
  readonly onWhy: () => void;
  readonly onOpen: (name: string) => void;
  readonly onClose: () => void;
  readonly onUpdate: (row: IRow) => void;
  readonly onRemove: (row: IRow) => void;
  readonly onChoose: (row: IRow) => void;
}

export function PackageDetails(props: IPackageDetailsProps): JSX.Element {
  const { row, trans } = props;
  const each = row.package;
  const close = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      props.onClose();
    }
  };
  return (
    <aside className="jp-envs-Details" aria-label={trans.__('Details of %1', each.name)} onKeyDown={close}>
      <div className="jp-envs-Details-head">
        <h2>{each.name}</h2>
        <Button minimal small title={trans.__('Close')} aria-label={trans.__('Close details')} onClick={props.onClose}>
          <closeIcon.react tag="span" className="jp-envs-Icon" />
        </Button>
      </div>
      {each.summary && <p>{each.summary}</p>}
      {isManaged(each) ? (
        !props.readOnly && <Buttons {...props} />
      ) : (
        <p className="jp-envs-PageNote">{trans.__('Another tool put it here, so it can be changed only with that tool.')}</p>
      )}
      <dl className="jp-envs-Facts">
        {factsOf(row, trans).map(([term, text]) => (
          <React.Fragment key={term}>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </React.Fragment>
        ))}
      </dl>
      <h3>{trans.__('Why is this here?')}</h3>
      {props.why ? (
        <Loaded resource={props.why} loading={trans.__('Following the dependencies…')} trans={trans}>
          {chains => <Chains chains={chains} package={each} trans={trans} onOpen={props.onOpen} />}
        </Loaded>
      ) : (
        <Button className="jp-mod-styled" onClick={props.onWhy}>
          {trans.__('Show who needs it')}
        </Button>
      )}
      <Needs {...props} />
    </aside>
  );
}

function Buttons(props: IPackageDetailsProps): JSX.Element {
  const { row, trans } = props;
  return (
    <div className="jp-envs-Buttons">
      {row.update && (
        <Button className="jp-mod-styled jp-mod-accept" disabled={props.pending} onClick={() => props.onUpdate(row)}>
          {trans.__('Update to %1', row.update)}
        </Button>
      )}
      <Button className="jp-mod-styled" onClick={() => props.onChoose(row)}>
        {trans.__('Change version…')}
      </Button>
      <Button className="jp-mod-styled" disabled={props.pending} onClick={() => props.onRemove(row)}>
        {trans.__('Remove')}
      </Button>
    </div>
  );
}

function Needs(props: IPackageDetailsProps): JSX.Element | null {
  const { depends } = props.row.package;
  const { trans } = props;
  if (depends.length === 0) {
    return null;
  }
  return (
    <details className="jp-envs-Needs">
      <summary>{trans._n('Needs %1 package', 'Needs %1 packages', depends.length)}</summary>
      <ul>
        {depends.map((spec, index) => (
          <li key={index}>{spec}</li>
        ))}
      </ul>
    </details>
  );
}

function factsOf(row: IRow, trans: TranslationBundle): [string, string][] {
  const each = row.package;
  const facts: [string, string][] = [
    [trans.__('Version'), each.version],
    [trans.__('Build'), each.build],
    [trans.__('Source'), sourceText(each.source, each.channel, trans)],
    [trans.__('Size'), each.size > 0 ? formatBytes(each.size) : ''],
    [trans.__('Licence'), each.license],
    [trans.__('Asked for as'), each.spec]
  ];
  return facts.filter(([, text]) => text !== '');
}
