/** The head of the page: the environment's name, what it is in short, and what is done with it as a whole. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, copyIcon, notebookIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IEnvironment } from '../../services/environments/interfaces';
import { formatBytes } from '../format';
import { Badge, BadgeKind } from './badges';
import type { IPageActions } from './pageView';

export function PageHead(props: {
  environment: IEnvironment | null;
  actions: IPageActions;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, actions, trans } = props;
  if (!environment) {
    return <div className="jp-envs-Page-head" />;
  }
  const canStart = environment.kernels.length > 0;
  return (
    <div className="jp-envs-Page-head">
      <div className="jp-envs-Page-title">
        <h1 title={environment.name}>{environment.name}</h1>
        {badgesOf(environment, trans).map(([text, kind]) => (
          <Badge key={text} kind={kind}>
            {text}
          </Badge>
        ))}
        <span className="jp-envs-Page-actions">
          {environment.kind !== 'shared' && (
            <>
              <Button minimal small onClick={() => actions.rename(environment.id)} disabled={!isOurs(environment)}>
                {trans.__('Rename…')}
              </Button>
              <Button minimal small onClick={() => actions.remove(environment.id)} disabled={!isOurs(environment)}>
                {trans.__('Delete…')}
              </Button>
            </>
          )}
          <Button
            minimal
            small
            disabled={!canStart}
            title={canStart ? '' : trans.__('No kernel is registered for it; see Kernel and variables')}
            onClick={() => actions.newNotebook(environment.id)}
          >
            <notebookIcon.react tag="span" className="jp-envs-Icon" />
            {trans.__('New notebook')}
          </Button>
        </span>
      </div>
      <div className="jp-envs-Page-facts">
        <span>{factsOf(environment, trans).join(' · ')}</span>
        <span className="jp-envs-Page-path" title={environment.path}>
          {environment.path}
        </span>
        <Button
          minimal
          small
          title={trans.__('Copy path')}
          aria-label={trans.__('Copy path')}
          onClick={() => actions.copy(environment.path)}
        >
          <copyIcon.react tag="span" className="jp-envs-Icon" />
        </Button>
      </div>
      {environment.problem && <p className="jp-envs-Page-problem">{environment.problem}</p>}
    </div>
  );
}

/** An environment of another tool is that tool's to rename and delete. */
function isOurs(environment: IEnvironment): boolean {
  return environment.writable && !environment.external && !environment.frozen && !environment.busy;
}

function factsOf(environment: IEnvironment, trans: TranslationBundle): string[] {
  const facts = [
    environment.python ? trans.__('Python %1', environment.python) : trans.__('no Python'),
    trans._n('%1 package', '%1 packages', environment.packages)
  ];
  return environment.size === null ? facts : [...facts, trans.__('%1 of its own', formatBytes(environment.size))];
}

function badgesOf(environment: IEnvironment, trans: TranslationBundle): [string, BadgeKind][] {
  const marks: [boolean, string, BadgeKind][] = [
    [environment.broken, trans.__('broken'), 'error'],
    [environment.interrupted, trans.__('interrupted'), 'warn'],
    [environment.frozen, trans.__('frozen'), 'plain'],
    [environment.external, trans.__('external'), 'plain'],
    [environment.kind === 'shared', trans.__('shared'), 'plain'],
    [!environment.writable && environment.kind !== 'shared', trans.__('read-only'), 'plain']
  ];
  return marks.filter(([is]) => is).map(([, text, kind]) => [text, kind]);
}
