/** The form of a new environment. Draws what it is given. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { CreateMode, IFile, IPython } from '../models/creating';
import type { NameProblem } from '../models/names';
import type { ISuggestion } from '../models/suggestions';
import type { IParsedFile } from '../services/catalogue/interfaces';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IProblem } from '../services/errors';
import { FilePane } from './filePane';
import { NameField } from './nameField';
import { SpecField } from './specField';

/** What the form shows. */
export interface ICreateFacts {
  readonly mode: CreateMode;
  readonly name: string;
  readonly nameProblem: NameProblem | null;
  readonly specs: readonly string[];
  readonly pythons: readonly IPython[] | null;
  readonly python: string;
  readonly asksForPython: boolean;
  readonly withKernel: boolean;
  readonly file: IFile | null;
  readonly parsed: IParsedFile | null;
  readonly fileProblem: IProblem | null;
  readonly origins: readonly IEnvironment[];
  readonly origin: IEnvironment | null;
}

export interface ICreateFormProps {
  readonly facts: ICreateFacts;
  readonly suggestions: readonly ISuggestion[];
  readonly looking: boolean;
  readonly lookProblem: string;
  readonly trans: TranslationBundle;
  readonly onMode: (mode: CreateMode) => void;
  readonly onName: (name: string) => void;
  readonly onSpecs: (specs: readonly string[]) => void;
  readonly onAsk: (text: string) => void;
  readonly onPython: (python: string) => void;
  readonly onKernel: (withKernel: boolean) => void;
  readonly onFile: (file: IFile | null) => void;
  readonly onOrigin: (id: string) => void;
  readonly onSubmit: () => void;
}

export function CreateForm(props: ICreateFormProps): JSX.Element {
  const { facts, trans } = props;
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <form className="jp-envs-Create" onSubmit={submit}>
      <NameField id="jp-envs-name" value={facts.name} problem={facts.nameProblem} trans={trans} onChange={props.onName} />
      <ModeChoice {...props} />
      {facts.mode === 'packages' && <PackagesPane {...props} />}
      {facts.mode === 'file' && (
        <FilePane file={facts.file} parsed={facts.parsed} problem={facts.fileProblem} trans={trans} onFile={props.onFile} />
      )}
      {facts.mode === 'clone' && <ClonePane {...props} />}
      {facts.mode !== 'clone' && <KernelChoice {...props} />}
      <button type="submit" hidden />
    </form>
  );
}

/** What it is made from; radio buttons, so the arrows move between them. */
function ModeChoice(props: ICreateFormProps): JSX.Element {
  const { trans } = props;
  const modes: readonly (readonly [CreateMode, string])[] = [
    ['packages', trans.__('Packages')],
    ['file', trans.__('A file')],
    ['clone', trans.__('A copy of another')]
  ];
  return (
    <fieldset className="jp-envs-Modes">
      <legend>{trans.__('Made from')}</legend>
      {modes.map(([mode, label]) => (
        <label key={mode}>
          <input
            type="radio"
            name="jp-envs-mode"
            value={mode}
            checked={props.facts.mode === mode}
            onChange={() => props.onMode(mode)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function PackagesPane(props: ICreateFormProps): JSX.Element {
  const { facts, trans } = props;
  return (
    <>
      <div className="jp-envs-Field">
        <label htmlFor="jp-envs-specs">{trans.__('Packages')}</label>
        <SpecField
          id="jp-envs-specs"
          label={trans.__('Packages')}
          placeholder={trans.__('pandas, numpy>=2 … or nothing, for an empty environment')}
          specs={facts.specs}
          suggestions={props.suggestions}
          busy={props.looking}
          problem={props.lookProblem}
          trans={trans}
          onChange={props.onSpecs}
          onAsk={props.onAsk}
          onEnter={props.onSubmit}
        />
        <div className="jp-envs-Field-hint">{trans.__('For a version, type = or >= after the name.')}</div>
      </div>
      <div className="jp-envs-Field">
        <label htmlFor="jp-envs-python">{trans.__('Python')}</label>
        <HTMLSelect
          id="jp-envs-python"
          value={facts.asksForPython ? 'asked' : facts.python}
          disabled={facts.asksForPython}
          onChange={event => props.onPython(event.currentTarget.value)}
        >
          {facts.asksForPython && <option value="asked">{trans.__('as the packages say')}</option>}
          <option value="newest">{trans.__('The newest that fits')}</option>
          {(facts.pythons ?? []).map(python => (
            <option key={python.spec} value={python.spec}>
              {python.borrowed ? trans.__('%1 (of this machine)', python.minor) : python.minor}
            </option>
          ))}
          <option value="none">{trans.__('Only if a package needs it')}</option>
        </HTMLSelect>
      </div>
    </>
  );
}

function ClonePane(props: ICreateFormProps): JSX.Element {
  const { facts, trans } = props;
  return (
    <div className="jp-envs-Field">
      <label htmlFor="jp-envs-origin">{trans.__('Copy of')}</label>
      <HTMLSelect id="jp-envs-origin" value={facts.origin?.id ?? ''} onChange={event => props.onOrigin(event.currentTarget.value)}>
        <option value="">{trans.__('Choose an environment')}</option>
        {facts.origins.map(environment => (
          <option key={environment.id} value={environment.id}>
            {environment.name}
          </option>
        ))}
      </HTMLSelect>
      <div className="jp-envs-Field-hint">
        {facts.origin?.kind === 'shared'
          ? trans.__('The copy is yours, and can be changed on its own. Its plan says what it takes on the disk.')
          : trans.__('The files are linked: no download, almost no space. The copy can be changed on its own.')}
      </div>
    </div>
  );
}

function KernelChoice(props: ICreateFormProps): JSX.Element {
  const { facts, trans } = props;
  return (
    <label className="jp-envs-Check">
      <input
        type="checkbox"
        checked={facts.withKernel}
        disabled={facts.mode === 'packages' && facts.python === 'none'}
        onChange={event => props.onKernel(event.target.checked)}
      />
      <span>{trans.__('With a kernel for notebooks (ipykernel)')}</span>
    </label>
  );
}
