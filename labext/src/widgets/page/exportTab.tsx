/** The environment as the text of a file: to copy, to download, to save beside the notebooks. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ExportModel } from '../../models/page/export';
import { EXPORT_FORMATS, ExportFormat, IExport } from '../../services/environments/interfaces';
import type { IPageActions } from './pageView';
import { Loaded } from './states';
import { useModel } from './useModel';

export interface IExportTabProps {
  readonly model: ExportModel;
  readonly actions: IPageActions;
  readonly trans: TranslationBundle;
}

export function ExportTab(props: IExportTabProps): JSX.Element {
  const { model, trans } = props;
  useModel(model);
  return (
    <div className="jp-envs-Export">
      <Formats {...props} />
      <Loaded resource={model.text} loading={trans.__('Writing…')} trans={trans}>
        {text => (
          <>
            <Buttons {...props} text={text} />
            <pre className="jp-envs-Export-text" tabIndex={0} aria-label={trans.__('Content of %1', text.filename)}>
              {text.text}
            </pre>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Formats(props: IExportTabProps): JSX.Element {
  const { model, trans } = props;
  const group = React.useId();
  const texts = formatTexts(trans);
  return (
    <fieldset className="jp-envs-Formats">
      <legend>{trans.__('Format')}</legend>
      {EXPORT_FORMATS.map(format => (
        <label key={format} className="jp-envs-Format">
          <input
            type="radio"
            name={group}
            checked={model.format === format}
            onChange={() => model.choose(format, model.exact)}
          />
          <span>
            <strong>{texts[format][0]}</strong> {texts[format][1]}
          </span>
        </label>
      ))}
      <label className="jp-envs-Format">
        <input
          type="checkbox"
          checked={model.exact && model.format === 'yaml'}
          disabled={model.format !== 'yaml'}
          onChange={event => model.choose(model.format, event.target.checked)}
        />
        <span>{trans.__('Every package with its exact build, not only what was asked for')}</span>
      </label>
    </fieldset>
  );
}

function Buttons(props: IExportTabProps & { text: IExport }): JSX.Element {
  const { actions, text, trans } = props;
  const { save } = actions;
  return (
    <div className="jp-envs-PageBar">
      <code>{text.filename}</code>
      <div className="jp-envs-PageBar-actions">
        <Button className="jp-mod-styled" onClick={() => actions.copy(text.text)}>
          {trans.__('Copy')}
        </Button>
        <Button className="jp-mod-styled" onClick={() => download(text)}>
          {trans.__('Download')}
        </Button>
        {save && (
          <Button
            className="jp-mod-styled jp-mod-accept"
            title={trans.__('Into the folder that the file browser shows: %1', actions.folder() || '/')}
            onClick={() => void save(text.filename, text.text)}
          >
            {trans.__('Save here')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Give the text to the browser as a file. */
function download(text: IExport): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text.text], { type: 'text/plain' }));
  link.download = text.filename;
  link.click();
  URL.revokeObjectURL(link.href);
}

function formatTexts(trans: TranslationBundle): Record<ExportFormat, [string, string]> {
  return {
    yaml: ['environment.yml', trans.__('what was asked for, for conda, mamba and us')],
    explicit: ['@EXPLICIT', trans.__('the exact archives, for the same platform')],
    pixi: ['pixi.lock', trans.__('the exact packages, as pixi locks them')],
    requirements: ['requirements.txt', trans.__('the Python packages, for pip')]
  };
}
