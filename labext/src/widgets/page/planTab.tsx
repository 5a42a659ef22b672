/** What was asked for, as a plan: look at it, then apply it or not. Several requests are shown one after the other. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ChangesModel } from '../../models/page/changes';
import type { PageModel } from '../../models/page/page';
import { PlanView } from '../planView';
import { Conflict, Problem } from '../problem';
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
      <p className="jp-envs-Note">
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
  const { changes } = props.page;
  const { trans } = props;
  switch (changes.state) {
    case 'planning':
      return (
        <>
          <Loading>{trans.__('Finding versions that go together…')}</Loading>
          <Buttons {...props} />
        </>
      );
    case 'running':
      return <Loading>{trans.__('The change is being made; its progress is shown above.')}</Loading>;
    case 'finished':
      return <Finished {...props} />;
    case 'failed':
      return <Refused {...props} />;
    default:
      return <Plan {...props} />;
  }
}

function Plan(props: IPlanTabProps): JSX.Element {
  const { changes } = props.page;
  const { trans } = props;
  const isStale = changes.state === 'stale';
  return (
    <>
      {changes.requests.length === 1 && changes.request && (
        <h2 className="jp-envs-Planned-title">{requestText(changes.request, trans)}</h2>
      )}
      {isStale && (
        <Problem
          problem={{
            code: 'plan.stale',
            message: trans.__('The environment has changed since this was planned.'),
            hint: trans.__('Somebody else changed it, or you did in another tab. Nothing of this plan was done.'),
            detail: null
          }}
        />
      )}
      {changes.plan && (
        <div className={isStale ? 'jp-envs-Planned-old' : ''}>
          <PlanView plan={changes.plan} trans={trans} />
        </div>
      )}
      <Buttons {...props} />
    </>
  );
}

function Buttons(props: IPlanTabProps): JSX.Element {
  const { page, trans } = props;
  const { changes } = page;
  const hasChanges = (changes.plan?.changes.length ?? 0) > 0;
  return (
    <div className="jp-envs-Buttons jp-envs-Planned-buttons">
      <Button className="jp-mod-styled jp-mod-reject" onClick={() => changes.discard()}>
        {changes.state === 'planning' ? trans.__('Cancel') : trans.__('Discard')}
      </Button>
      {changes.state === 'stale' && (
        <Button className="jp-mod-styled jp-mod-accept" onClick={() => void changes.again()}>
          {trans.__('Plan again')}
        </Button>
      )}
      {changes.state === 'planned' && (
        <Button
          className="jp-mod-styled jp-mod-accept"
          disabled={page.liveJob !== null}
          title={page.liveJob ? trans.__('Another change of this environment is running') : ''}
          onClick={() => void changes.apply()}
        >
          {hasChanges ? trans.__('Apply') : trans.__('Done')}
        </Button>
      )}
    </div>
  );
}

function Refused(props: IPlanTabProps): JSX.Element {
  const { changes } = props.page;
  const { trans } = props;
  const problem = changes.problem ?? { code: '', message: '', hint: '', detail: null };
  const shown = { ...problem, message: problem.message || stoppedText(problem.code, trans) };
  return (
    <>
      {changes.conflict ? (
        <Conflict problem={shown} conflict={changes.conflict} trans={trans} onFix={fix => void changes.fix(fix)} />
      ) : (
        <Problem problem={shown} />
      )}
      <div className="jp-envs-Buttons jp-envs-Planned-buttons">
        <Button className="jp-mod-styled jp-mod-reject" onClick={() => changes.discard()}>
          {trans.__('Discard')}
        </Button>
        <Button className="jp-mod-styled" onClick={() => void changes.again()}>
          {trans.__('Plan again')}
        </Button>
      </div>
    </>
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
