/** Choosing, dropping or pasting a file that describes an environment, and what was read in it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFile } from '../models/creating';
import type { IParsedFile } from '../services/catalogue/interfaces';
import type { IProblem } from '../services/errors';
import { Problem } from './problem';

export interface IFilePaneProps {
  readonly file: IFile | null;
  readonly parsed: IParsedFile | null;
  readonly problem: IProblem | null;
  readonly trans: TranslationBundle;
  readonly onFile: (file: IFile | null) => void;
}

const ACCEPTED = '.yml,.yaml,.txt,.lock,.toml,.json';
const SHOWN_SPECS = 30;

export function FilePane(props: IFilePaneProps): JSX.Element {
  const { file, problem, parsed, trans } = props;
  return (
    <div className="jp-envs-File">
      {file ? <ChosenFile {...props} file={file} /> : <DropPlace {...props} />}
      {problem && <Problem problem={problem} />}
      {file && !problem && !parsed && <p role="status">{trans.__('Reading %1…', file.name)}</p>}
      {parsed && <ParsedFile parsed={parsed} trans={trans} />}
    </div>
  );
}

function DropPlace(props: IFilePaneProps): JSX.Element {
  const { trans } = props;
  const [isOver, setOver] = React.useState(false);
  const take = (files: FileList | null): void => {
    const chosen = files?.[0];
    void chosen?.text().then(text => props.onFile({ name: chosen.name, text }));
  };
  const drop = (event: React.DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const paste = (event: React.ClipboardEvent): void => {
    const text = event.clipboardData.getData('text');
    if (text.trim()) {
      event.preventDefault();
      props.onFile({ name: nameOfText(text), text });
    }
  };
  return (
    <div
      className="jp-envs-File-drop"
      data-over={isOver}
      onDragOver={event => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label className="jp-envs-File-choose">
        {trans.__('Choose a file, or drop one here:')}
        <input type="file" accept={ACCEPTED} onChange={event => take(event.target.files)} />
      </label>
      <span className="jp-envs-File-kinds">environment.yml · requirements.txt · pixi.lock · conda-lock.yml · @EXPLICIT</span>
      <textarea
        className="jp-mod-styled"
        rows={3}
        spellCheck={false}
        aria-label={trans.__('Or paste the text of a file')}
        placeholder={trans.__('Or paste the text of a file')}
        onPaste={paste}
        onBlur={event => event.target.value.trim() && props.onFile({ name: nameOfText(event.target.value), text: event.target.value })}
      />
    </div>
  );
}

/** The kind of a pasted text: the server tells formats apart by name and content. */
export function nameOfText(text: string): string {
  if (/^@EXPLICIT\s*$/m.test(text)) {
    return 'explicit.txt';
  }
  if (/^(dependencies|channels)\s*:/m.test(text)) {
    return 'environment.yml';
  }
  if (/^version\s*:\s*\d/m.test(text) && /^packages\s*:/m.test(text)) {
    return 'pixi.lock';
  }
  return /^package\s*:/m.test(text) ? 'conda-lock.yml' : 'requirements.txt';
}

function ChosenFile(props: IFilePaneProps & { file: IFile }): JSX.Element {
  const { file, trans } = props;
  return (
    <div className="jp-envs-File-chosen">
      <span title={file.name}>{file.name}</span>
      <button type="button" className="jp-mod-styled" onClick={() => props.onFile(null)}>
        {trans.__('Another file')}
      </button>
    </div>
  );
}

function ParsedFile(props: { parsed: IParsedFile; trans: TranslationBundle }): JSX.Element {
  const { parsed, trans } = props;
  const specs = [...parsed.specs, ...parsed.pip_specs];
  return (
    <div className="jp-envs-File-parsed">
      {parsed.records > 0 && <p>{trans._n('It names %1 package exactly.', 'It names %1 packages exactly.', parsed.records)}</p>}
      {specs.length > 0 && (
        <p className="jp-envs-File-specs">
          {specs.slice(0, SHOWN_SPECS).map(spec => (
            <span key={spec} className="jp-envs-Chip jp-envs-Chip-text">
              {spec}
            </span>
          ))}
          {specs.length > SHOWN_SPECS && trans.__('and %1 more', specs.length - SHOWN_SPECS)}
        </p>
      )}
      {parsed.channels.length > 0 && <p>{trans.__('Channels: %1', parsed.channels.join(', '))}</p>}
      {parsed.warnings.map(warning => (
        <p key={warning} className="jp-envs-Plan-warning">
          {warning}
        </p>
      ))}
    </div>
  );
}
