/** Asks which packages to install into an environment, shows the plan in the same dialog, and carries it out. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { InstallModel } from '../models/installing';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IJob } from '../services/jobs/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { changeText } from '../widgets/changeText';
import { FlowFooter, IFooterButton } from '../widgets/flowFooter';
import { PlanStep } from '../widgets/planStep';
import { SpecField } from '../widgets/specField';
import { showFlow } from './flow';
import { stepButtons } from './steps';

/** Ask, plan and install; resolves with the job, or with `null` when it was given up. */
export async function showInstallDialog(
  manager: IEnvironmentsManager,
  environment: IEnvironment,
  trans: TranslationBundle
): Promise<IJob | null> {
  const model = new InstallModel(manager, environment);
  let job: IJob | null = null;
  const apply = async (): Promise<void> => {
    job = await model.apply();
    if (job) {
      dialog.close();
    }
  };
  model.changed.connect(() => {
    if (manager.settings.values.applyHarmless && model.isHarmless) {
      void apply();
    }
  });
  const title = (): string => {
    const { request } = model.planning;
    return request ? changeText(request, environment.name, trans) : trans.__('Install into %1', environment.name);
  };
  const close = (): void => dialog.close();
  const dialog = showFlow({
    title,
    changed: model.changed,
    focus: '#jp-envs-ask',
    render: () => (
      <>
        <Step model={model} trans={trans} />
        <FlowFooter buttons={buttonsOf(model, trans, close, () => void apply())} />
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

function Step(props: { model: InstallModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const { planning, suggestions } = model;
  if (planning.state !== 'idle') {
    return (
      <PlanStep
        facts={planning}
        trans={trans}
        onFix={fix => void planning.fix(fix)}
        onReplace={(text, name) => void planning.replace(text, name)}
      />
    );
  }
  return (
    <div className="jp-envs-Field">
      <label htmlFor="jp-envs-ask">{trans.__('Packages')}</label>
      <SpecField
        id="jp-envs-ask"
        label={trans.__('Packages')}
        placeholder={trans.__('pandas, numpy>=2 …')}
        specs={model.specs}
        suggestions={suggestions.items}
        busy={suggestions.busy}
        problem={suggestions.problem}
        trans={trans}
        onChange={specs => (model.specs = specs)}
        onAsk={text => suggestions.ask(text)}
        onEnter={() => void model.preview()}
      />
      <div className="jp-envs-Field-hint">{trans.__('For a version, type = or >= after the name.')}</div>
    </div>
  );
}

function buttonsOf(
  model: InstallModel,
  trans: TranslationBundle,
  close: () => void,
  apply: () => void
): readonly IFooterButton[] {
  if (model.planning.state === 'idle') {
    const preview = { label: trans.__('Preview'), accept: true, disabled: !model.isComplete };
    return [
      { label: trans.__('Cancel'), onClick: close },
      { ...preview, onClick: () => void model.preview() }
    ];
  }
  return stepButtons(model.planning, trans, { label: trans.__('Apply'), close, back: () => model.back(), apply });
}
