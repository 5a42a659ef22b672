/** The versions of a package: which one to add, with its size, date, licence and what it needs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { waitsUntil } from '../../models/allowance';
import { ICartItem, specOf } from '../../models/page/cart';
import type { Resource } from '../../models/page/resource';
import type { ILooked } from '../../models/page/search';
import { distinctVersions } from '../../models/page/versions';
import type { IPackageVersions, IVersion } from '../../services/catalogue/interfaces';
import { formatBytes } from '../format';
import { SourceBadge } from './badges';
import { Loaded } from './states';
import { formatDate } from './time';

export interface IVersionChooserProps {
  readonly looked: ILooked;
  readonly versions: Resource<IPackageVersions>;
  /** The installed version; empty when it is not installed. */
  readonly installed: string;
  /** What the cart holds for it. */
  readonly item: ICartItem | null;
  /** How many days a version has to wait after it was published; `null` for none. */
  readonly quarantine: number | null;
  readonly trans: TranslationBundle;
  readonly onPut: (item: ICartItem) => void;
  readonly onTake: (name: string) => void;
  readonly onClose: () => void;
}

export function VersionChooser(props: IVersionChooserProps): JSX.Element {
  const { looked, trans, installed } = props;
  return (
    <aside className="jp-envs-Details" aria-label={trans.__('Versions of %1', looked.name)}>
      <div className="jp-envs-Details-head">
        <h2>{looked.name}</h2>
        <Button minimal small title={trans.__('Close')} aria-label={trans.__('Close details')} onClick={props.onClose}>
          <closeIcon.react tag="span" className="jp-envs-Icon" />
        </Button>
      </div>
      {installed && <p className="jp-envs-PageNote">{trans.__('Version %1 is installed.', installed)}</p>}
      <Loaded resource={props.versions} loading={trans.__('Asking for the versions…')} trans={trans}>
        {found => <Choice {...props} found={found} />}
      </Loaded>
    </aside>
  );
}

function Choice(props: IVersionChooserProps & { found: IPackageVersions }): JSX.Element {
  const { found, trans, looked, installed } = props;
  const [wanted, setWanted] = React.useState('');
  const versions = React.useMemo(() => distinctVersions(found.versions), [found]);
  const chosen = versions.find(each => keyOf(each) === wanted) ?? null;
  const shown = chosen ?? versions[0] ?? null;
  const put = (): void =>
    props.onPut({
      name: looked.name,
      action: 'install',
      spec: specOf(looked.name, chosen?.source ?? looked.source, chosen?.version ?? ''),
      version: chosen?.version ?? ''
    });
  if (versions.length === 0) {
    return <p>{trans.__('No version of it can be installed here.')}</p>;
  }
  return (
    <>
      {found.summary && <p>{found.summary}</p>}
      <div className="jp-envs-Buttons">
        <Button
          className="jp-mod-styled jp-mod-accept"
          disabled={chosen !== null && chosen.version === installed}
          onClick={put}
        >
          {buttonText(props, chosen)}
        </Button>
        {props.item && (
          <Button className="jp-mod-styled" onClick={() => props.onTake(looked.name)}>
            {trans.__('Leave out')}
          </Button>
        )}
      </div>
      <VersionTable versions={versions} wanted={wanted} {...{ installed, trans }} quarantine={props.quarantine} onWant={setWanted} />
      {shown && shown.depends.length > 0 && (
        <details className="jp-envs-Needs">
          <summary>
            {trans._n('%2 needs %1 package', '%2 needs %1 packages', shown.depends.length, shown.version)}
          </summary>
          <ul>
            {shown.depends.map((spec, index) => (
              <li key={index}>{spec}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function VersionTable(props: {
  versions: readonly IVersion[];
  wanted: string;
  installed: string;
  quarantine: number | null;
  trans: TranslationBundle;
  onWant: (key: string) => void;
}): JSX.Element {
  const { trans, wanted } = props;
  const group = React.useId();
  return (
    <div className="jp-envs-Versions" role="radiogroup" aria-label={trans.__('Version')}>
      <label className="jp-envs-Version">
        <input type="radio" name={group} checked={wanted === ''} onChange={() => props.onWant('')} />
        <span className="jp-envs-Version-any">{trans.__('The newest that fits')}</span>
      </label>
      {props.versions.map(each => (
        <label key={keyOf(each)} className="jp-envs-Version">
          <input
            type="radio"
            name={group}
            checked={wanted === keyOf(each)}
            disabled={waitsUntil(each.timestamp, props.quarantine, Date.now()) !== null}
            onChange={() => props.onWant(keyOf(each))}
          />
          <span className="jp-envs-Version-number" title={each.build}>
            {each.version}
          </span>
          <SourceBadge source={each.source} channel={each.channel} trans={trans} />
          <span className="jp-envs-Version-facts">{factsOf(each, props.installed, props.quarantine, trans).join(' · ')}</span>
        </label>
      ))}
    </div>
  );
}

function factsOf(each: IVersion, installed: string, quarantine: number | null, trans: TranslationBundle): string[] {
  const end = waitsUntil(each.timestamp, quarantine, Date.now());
  return [
    each.version === installed ? trans.__('installed') : '',
    end ? trans.__('in quarantine until %1', formatDate(end)) : '',
    each.size > 0 ? formatBytes(each.size) : '',
    each.timestamp === null ? '' : formatDate(new Date(each.timestamp)),
    each.license
  ].filter(Boolean);
}

function keyOf(each: IVersion): string {
  return `${each.source} ${each.version}`;
}

function buttonText(props: IVersionChooserProps, chosen: IVersion | null): string {
  const { trans, installed } = props;
  if (!chosen) {
    return installed ? trans.__('Change to the newest that fits') : trans.__('Add');
  }
  return installed ? trans.__('Change to %1', chosen.version) : trans.__('Add %1', chosen.version);
}
