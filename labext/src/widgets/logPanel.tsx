/** The log of a job in a panel of its own; it follows the end while the job runs. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { environmentIcon } from '../icons';
import type { LogModel } from '../models/log';
import { AgainAction, againOf } from '../models/notices';
import type { IProgress } from '../models/progress';
import { IJob, hasEnded } from '../services/jobs/interfaces';
import { Again } from './again';
import { ProgressBar } from './jobList';
import { jobTitle, numbersText, outcomeText, phaseText } from './jobText';

const NEAR_END_PX = 30;

/** What can be done about the job. */
export interface ILogActions {
  readonly onCancel: () => void;
  readonly onAgain: () => void;
}

export class LogPanel extends ReactWidget {
  constructor(
    private readonly _model: LogModel,
    private readonly _trans: TranslationBundle,
    private readonly _actions: ILogActions
  ) {
    super();
    this.id = `jp-envs-log-${_model.job}`;
    this.addClass('jp-envs-Log');
    this.title.icon = environmentIcon;
    this.title.closable = true;
    this._name();
    _model.changed.connect(this._name, this);
    this.disposed.connect(() => _model.dispose());
  }

  protected render(): JSX.Element {
    const model = this._model;
    return (
      <UseSignal signal={model.changed}>
        {() => {
          const job = model.jobs.find(model.job);
          return (
            <>
              {job && (
                <Head
                  job={job}
                  progress={model.jobs.progressOf(job.id)}
                  again={againOf(job, model.jobs.requestOf(job.id))}
                  trans={this._trans}
                  {...this._actions}
                />
              )}
              {model.problem && <p className="jp-envs-Log-problem">{model.problem.message}</p>}
              <Tail text={model.text} isCut={model.isCut} trans={this._trans} />
            </>
          );
        }}
      </UseSignal>
    );
  }

  private _name(): void {
    const job = this._model.jobs.find(this._model.job);
    this.title.label = job ? jobTitle(job, this._trans) : this._trans.__('Log');
    this.title.caption = job?.command || this.title.label;
  }
}

interface IHeadProps extends ILogActions {
  readonly job: IJob;
  readonly progress: IProgress | null;
  readonly again: AgainAction | null;
  readonly trans: TranslationBundle;
}

function Head(props: IHeadProps): JSX.Element {
  const { job, progress, trans } = props;
  if (hasEnded(job)) {
    return (
      <div className="jp-envs-Log-head" data-state={job.state} role="status">
        {outcomeText(job, trans)}
        <Again job={job} action={props.again} trans={trans} onAgain={props.onAgain} />
      </div>
    );
  }
  return (
    <div className="jp-envs-Log-head">
      <span>{phaseText(progress, job, trans)}</span>
      <ProgressBar label={jobTitle(job, trans)} fraction={progress?.fraction ?? null} />
      <span>{numbersText(progress, trans)}</span>
      <button type="button" className="jp-mod-styled" disabled={job.cancel_requested} onClick={props.onCancel}>
        {trans.__('Cancel')}
      </button>
    </div>
  );
}

function Tail(props: { text: string; isCut: boolean; trans: TranslationBundle }): JSX.Element {
  const { text, trans } = props;
  const node = React.useRef<HTMLPreElement>(null);
  const follows = React.useRef(true);
  React.useLayoutEffect(() => {
    if (node.current && follows.current) {
      node.current.scrollTop = node.current.scrollHeight;
    }
  }, [text]);
  return (
    <pre
      ref={node}
      className="jp-envs-Log-text"
      tabIndex={0}
      aria-label={trans.__('Log')}
      onScroll={event => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      }}
    >
      {props.isCut && `… ${trans.__('the beginning is left out')}\n`}
      {text || trans.__('Nothing has been written yet.')}
    </pre>
  );
}
