/** Two states to compare, and what differs between them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { HistoryModel } from '../../models/page/history';
import { ChangeTable } from './changeTable';
import { generationText } from './generationText';
import { Loaded } from './states';

export function CompareBar(props: { model: HistoryModel; trans: TranslationBundle }): JSX.Element | null {
  const { model, trans } = props;
  if (model.generations.length < 2) {
    return null;
  }
  const pair = model.pair ?? { from: model.generations[1]?.number ?? 0, to: model.current };
  return (
    <section className="jp-envs-Compare" aria-label={trans.__('Compare two states')}>
      <div className="jp-envs-PageBar">
        <Choice
          model={model}
          trans={trans}
          label={trans.__('Compare state')}
          value={pair.from}
          onChoose={from => model.compare({ ...pair, from })}
        />
        <Choice
          model={model}
          trans={trans}
          label={trans.__('with state')}
          value={pair.to}
          onChoose={to => model.compare({ ...pair, to })}
        />
        {model.pair ? (
          <Button className="jp-mod-styled" onClick={() => model.compare(null)}>
            {trans.__('Close comparison')}
          </Button>
        ) : (
          <Button className="jp-mod-styled" onClick={() => model.compare(pair)}>
            {trans.__('Compare')}
          </Button>
        )}
      </div>
      {model.comparison && (
        <Loaded resource={model.comparison} loading={trans.__('Comparing…')} trans={trans}>
          {changes =>
            changes.length > 0 ? (
              <ChangeTable changes={changes} label={trans.__('What differs')} trans={trans} />
            ) : (
              <p className="jp-envs-PageNote">{trans.__('Both states hold the same packages.')}</p>
            )
          }
        </Loaded>
      )}
    </section>
  );
}

function Choice(props: {
  model: HistoryModel;
  label: string;
  trans: TranslationBundle;
  value: number;
  onChoose: (number: number) => void;
}): JSX.Element {
  const id = React.useId();
  return (
    <span className="jp-envs-Compare-choice">
      <label htmlFor={id}>{props.label}</label>
      <HTMLSelect
        id={id}
        value={props.value}
        options={props.model.generations.map(generation => ({
          value: generation.number,
          label: `${generation.number}: ${generationText(generation, props.trans)}`
        }))}
        onChange={event => props.onChoose(Number(event.target.value))}
      />
    </span>
  );
}
