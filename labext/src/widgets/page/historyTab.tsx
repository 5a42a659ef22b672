/** The states that the environment was in: what changed, by what, when; go back to one, compare two. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { HistoryModel, summarise } from '../../models/page/history';
import type { PageModel } from '../../models/page/page';
import type { IGeneration } from '../../services/environments/interfaces';
import { Badge } from './badges';
import { ChangeTable } from './changeTable';
import { CompareBar } from './compareBar';
import { generationText } from './generationText';
import { Empty, Loaded } from './states';
import { Moment } from './time';
import { useModel } from './useModel';

export interface IHistoryTabProps {
  readonly page: PageModel;
  readonly trans: TranslationBundle;
}

export function HistoryTab(props: IHistoryTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.history;
  useModel(model);
  return (
    <Loaded resource={model.history} loading={trans.__('Reading the history…')} trans={trans}>
      {history =>
        history.generations.length === 0 ? (
          <Empty title={trans.__('No state is recorded yet')}>
            <p>{trans.__('The first change made here records what was there before it.')}</p>
          </Empty>
        ) : (
          <div className="jp-envs-History">
            <CompareBar model={model} trans={trans} />
            <ol className="jp-envs-Generations" aria-label={trans.__('States, the newest first')} reversed>
              {model.generations.map(generation => (
                <Generation key={generation.number} generation={generation} {...props} />
              ))}
            </ol>
          </div>
        )
      }
    </Loaded>
  );
}

function Generation(props: IHistoryTabProps & { generation: IGeneration }): JSX.Element {
  const { generation, page, trans } = props;
  const model = page.history;
  const isCurrent = generation.number === model.current;
  const isOpen = model.isOpen(generation.number);
  return (
    <li className="jp-envs-Generation" data-current={isCurrent}>
      <span className="jp-envs-Generation-number" aria-hidden="true">
        {generation.number}
      </span>
      <div className="jp-envs-Generation-body">
        <div className="jp-envs-Generation-line">
          <strong>{generationText(generation, trans)}</strong>
          {isCurrent && <Badge kind="good">{trans.__('now')}</Badge>}
          <ChangeCounts generation={generation} trans={trans} />
        </div>
        <div className="jp-envs-Generation-facts">
          <Moment iso={generation.created_at} /> · {trans._n('%1 package', '%1 packages', generation.packages)}
          {generation.command && <code>{generation.command}</code>}
        </div>
        {isOpen && (
          <ChangeTable
            changes={generation.changes}
            label={trans.__('Packages changed by state %1', generation.number)}
            trans={trans}
          />
        )}
      </div>
      <Actions {...props} model={model} isCurrent={isCurrent} isOpen={isOpen} />
    </li>
  );
}

function Actions(
  props: IHistoryTabProps & { generation: IGeneration; model: HistoryModel; isCurrent: boolean; isOpen: boolean }
): JSX.Element {
  const { generation, page, model, trans } = props;
  const { number } = generation;
  return (
    <div className="jp-envs-Generation-actions">
      {generation.changes.length > 0 && (
        <Button
          minimal
          small
          aria-expanded={props.isOpen}
          aria-label={trans.__('Changes of state %1', number)}
          onClick={() => model.toggle(number)}
        >
          {props.isOpen ? trans.__('Hide changes') : trans.__('Show changes')}
        </Button>
      )}
      {!props.isCurrent && (
        <>
          <Button
            minimal
            small
            aria-label={trans.__('Compare state %1 with now', number)}
            onClick={() => model.compare({ from: number, to: model.current })}
          >
            {trans.__('Compare with now')}
          </Button>
          {!page.obstacle && (
            <Button
              small
              className="jp-envs-Button"
              aria-label={trans.__('Restore state %1', number)}
              onClick={() => page.propose([{ action: 'restore', environment: page.id, generation: number }])}
            >
              {trans.__('Restore…')}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function ChangeCounts(props: { generation: IGeneration; trans: TranslationBundle }): JSX.Element {
  const { trans } = props;
  const { added, removed, changed } = summarise(props.generation.changes);
  const parts: [number, string][] = [
    [added, trans._n('%1 added', '%1 added', added)],
    [removed, trans._n('%1 removed', '%1 removed', removed)],
    [changed, trans._n('%1 changed', '%1 changed', changed)]
  ];
  const texts = parts.filter(([count]) => count > 0).map(([, text]) => text);
  return <span className="jp-envs-Generation-counts">{texts.join(', ') || trans.__('no packages changed')}</span>;
}
