/** Asks for a new environment, shows its plan in the same dialog, and creates it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CreateModel, ICreateStart } from '../models/creating';
import type { IJob } from '../services/jobs/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { changeText } from '../widgets/changeText';
import { CreateForm } from '../widgets/createForm';
import { FlowFooter, IFooterButton } from '../widgets/flowFooter';
import { nameProblemText } from '../widgets/nameField';
import { PlanStep } from '../widgets/planStep';
import { showFlow } from './flow';
import { stepButtons } from './steps';

/** Ask, plan and create; resolves with the job, or with `null` when it was given up. */
export async function showCreateDialog(
  manager: IEnvironmentsManager,
  start: ICreateStart,
  trans: TranslationBundle
): Promise<IJob | null> {
  const model = new CreateModel(manager, start);
  let job: IJob | null = null;
  const create = async (): Promise<void> => {
    job = await model.apply();
    if (job) {
      dialog.close();
    }
  };
  const close = (): void => dialog.close();
  const dialog = showFlow({
    title: () => titleOf(model, trans),
    changed: model.changed,
    focus: '#jp-envs-name',
    render: () => (
      <>
        <Step model={model} trans={trans} />
        <FlowFooter buttons={buttonsOf(model, trans, close, () => void create())} />
      </>
    )
  });
  await dialog.closed;
  if (!job) {
    model.planning.discard();
  }
  model.dispose();
  return job;
}

function Step(props: { model: CreateModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  if (model.planning.state !== 'idle') {
    return (
      <PlanStep
        facts={model.planning}
        trans={trans}
        onFix={fix => void model.planning.fix(fix)}
        onReplace={(text, name) => void model.planning.replace(text, name)}
      />
    );
  }
  return (
    <CreateForm
      facts={model}
      suggestions={model.suggestions.items}
      looking={model.suggestions.busy}
      lookProblem={model.suggestions.problem}
      trans={trans}
      onMode={mode => (model.mode = mode)}
      onName={name => (model.name = name)}
      onSpecs={specs => (model.specs = specs)}
      onAsk={text => model.suggestions.ask(text)}
      onPython={python => (model.python = python)}
      onKernel={withKernel => (model.withKernel = withKernel)}
      onFile={file => void model.setFile(file)}
      onOrigin={id => model.setOrigin(id)}
      onSubmit={() => void model.preview()}
    />
  );
}

function titleOf(model: CreateModel, trans: TranslationBundle): string {
  const { request } = model.planning;
  return request ? changeText(request, request.name ?? '', trans) : trans.__('New environment');
}

function buttonsOf(
  model: CreateModel,
  trans: TranslationBundle,
  close: () => void,
  create: () => void
): readonly IFooterButton[] {
  const { planning } = model;
  if (planning.state === 'idle') {
    const cancel = { label: trans.__('Cancel'), onClick: close };
    const title = model.isComplete ? undefined : whatIsMissing(model, trans);
    const preview = { label: trans.__('Preview'), accept: true, disabled: !model.isComplete, title };
    return [cancel, { ...preview, onClick: () => void model.preview() }];
  }
  return stepButtons(planning, trans, { label: trans.__('Create'), close, back: () => model.back(), apply: create });
}

/** Why there is nothing to plan yet. */
function whatIsMissing(model: CreateModel, trans: TranslationBundle): string {
  if (model.nameProblem) {
    return nameProblemText(model.nameProblem, model.name, trans);
  }
  return model.mode === 'clone' ? trans.__('Choose an environment to copy.') : trans.__('Choose a file that can be read.');
}
