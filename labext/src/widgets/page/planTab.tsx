/** What was asked for, as a plan: look at it, then apply it or not. Several requests are shown one after the other. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ChangesModel } from '../../models/page/changes';
import type { PageModel } from '../../models/page/page';
import { isForbidden } from '../../models/refusals';
import { changeText } from '../changeText';
import { IPlanStepProps, PlanStep } from '../planStep';
import { useFootRoom } from './footRoom';
import { requestText } from './requestText';
import { Empty, Loading } from './states';
import { useModel } from './useModel';

export interface IPlanTabProps {
  readonly page: PageModel;
  readonly trans: TranslationBundle;
}

export function PlanTab(props: IPlanTabProps): JSX.Element {
  const { page, trans } = props;
  const { changes, cart } = page;
  useModel(changes);
  useModel(cart);
  if (changes.state === 'idle') {
    return cart.items.length > 0 ? (
      <Empty title={trans._n('%1 change is waiting', '%1 changes are waiting', cart.items.length)}>
        <Button className="jp-mod-styled jp-mod-accept" onClick={() => page.review()}>
          {trans.__('Preview')}
        </Button>
      </Empty>
    ) : (
      <Empty title={trans.__('Nothing is planned')}>
        <p>{trans.__('Add packages, or select some to update or remove; what that means is shown here first.')}</p>
        <Button className="jp-mod-styled" onClick={() => page.setTab('add')}>
          {trans.__('Add packages')}
        </Button>
      </Empty>
    );
  }
  return (
    <div className="jp-envs-Planned">
      {changes.requests.length > 1 && <Steps changes={changes} trans={trans} />}
      <Step {...props} />
    </div>
  );
}

/** All requests, and how far they are. */
function Steps(props: { changes: ChangesModel; trans: TranslationBundle }): JSX.Element {
  const { changes, trans } = props;
  return (
    <div className="jp-envs-Steps">
      <p className="jp-envs-PageNote">
        {trans.__(
          'This takes %1 steps: each is planned when the one before it is done, and each can be undone alone.',
          changes.requests.length
        )}
      </p>
      <ol>
        {changes.requests.map((request, index) => (
          <li
            key={index}
            data-state={index < changes.step ? 'done' : index === changes.step ? 'now' : 'later'}
            aria-current={index === changes.step ? 'step' : undefined}
          >
            {requestText(request, trans)}
            {index < changes.step && <span className="jp-envs-Steps-done"> {trans.__('done')}</span>}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Step(props: IPlanTabProps): JSX.Element {
  const { page, trans } = props;
  const { changes } = page;
  if (changes.state === 'running') {
    return <Loading>{trans.__('The change is being made; its progress is shown above.')}</Loading>;
  }
  if (changes.state === 'finished') {
    return <Finished {...props} />;
  }
  return (
    <>
      {changes.requests.length === 1 && changes.request && (
        <h2 className="jp-envs-Planned-title">{changeText(changes.request, page.environment?.name ?? '', trans)}</h2>
      )}
      <PlanStep
        facts={factsOf(changes, trans)}
        trans={trans}
        onFix={fix => void changes.fix(fix)}
        onReplace={(text, name) => void changes.replace(text, name)}
      />
      <Buttons {...props} />
    </>
  );
}

/** What is known of the present step; a job that ended without a word is given one. */
function factsOf(changes: ChangesModel, trans: TranslationBundle): IPlanStepProps['facts'] {
  const { request, plan, conflict, isStale, problem } = changes;
  const told = problem && { ...problem, message: problem.message || stoppedText(problem.code, trans) };
  return { request, plan, conflict, isStale, problem: told };
}

function Buttons(props: IPlanTabProps): JSX.Element {
  const { page, trans } = props;
  const { changes } = page;
  const { state } = changes;
  const forbidden = state === 'failed' && isForbidden(changes.problem);
  const hasChanges = (changes.plan?.changes.length ?? 0) > 0;
  const bar = useFootRoom<HTMLDivElement>();
  return (
    <div ref={bar} className="jp-envs-Buttons jp-envs-Planned-buttons">
      <Button className="jp-mod-styled jp-mod-reject" onClick={() => changes.discard()}>
        {state === 'planning' ? trans.__('Cancel') : trans.__('Discard')}
      </Button>
      {state === 'failed' && (
        <Button className={`jp-mod-styled${forbidden ? ' jp-mod-accept' : ''}`} onClick={() => page.back()}>
          {trans.__('Back')}
        </Button>
      )}
      {(state === 'stale' || state === 'failed') && !forbidden && (
        <Button
          className={`jp-mod-styled${state === 'stale' ? ' jp-mod-accept' : ''}`}
          onClick={() => void changes.again()}
        >
          {trans.__('Plan again')}
        </Button>
      )}
      {state === 'planned' && hasChanges && (
        <Button
          className="jp-mod-styled jp-mod-accept"
          disabled={page.liveJob !== null}
          title={page.liveJob ? trans.__('Another change of this environment is running') : ''}
          onClick={() => void changes.apply()}
        >
          {trans.__('Apply')}
        </Button>
      )}
      {state === 'planned' && !hasChanges && (
        <Button className="jp-mod-styled jp-mod-accept" onClick={() => changes.skip()}>
          {changes.step + 1 < changes.requests.length ? trans.__('Next step') : trans.__('Done')}
        </Button>
      )}
    </div>
  );
}

function stoppedText(code: string, trans: TranslationBundle): string {
  return code === 'job.cancelled'
    ? trans.__('The change was cancelled. The environment is as it was.')
    : trans.__('The change was interrupted. The environment is as it was, or will be when it is next looked at.');
}

function Finished(props: IPlanTabProps): JSX.Element {
  const { page, trans } = props;
  const { job } = page.changes;
  const generation = job?.result?.generation ?? null;
  return (
    <Empty title={trans.__('Done')}>
      {generation !== null && <p>{trans.__('The environment is now in state %1 of its history.', generation)}</p>}
      {(job?.result?.messages ?? []).map((message, index) => (
        <p key={index}>{message}</p>
      ))}
      <div className="jp-envs-Buttons">
        <Button className="jp-mod-styled" onClick={() => page.setTab('packages')}>
          {trans.__('Show packages')}
        </Button>
        <Button
          className="jp-mod-styled"
          onClick={() => page.propose([{ action: 'undo', environment: page.id }])}
        >
          {trans.__('Undo…')}
        </Button>
      </div>
    </Empty>
  );
}
