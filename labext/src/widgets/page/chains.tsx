/** Who needs a package: for each package that was asked for, the ways from it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { byRoot } from '../../models/page/chains';
import type { IPackage } from '../../services/environments/interfaces';

export interface IChainsProps {
  readonly chains: readonly (readonly string[])[];
  readonly package: IPackage;
  readonly trans: TranslationBundle;
  readonly onOpen: (name: string) => void;
}

export function Chains(props: IChainsProps): JSX.Element {
  const { trans } = props;
  const roots = byRoot(props.chains, props.package.name);
  return (
    <div className="jp-envs-Chains">
      {props.package.requested && <p>{trans.__('It was asked for: %1', props.package.spec || props.package.name)}</p>}
      {roots.length === 0 && !props.package.requested && <p>{trans.__('Nothing that is installed needs it.')}</p>}
      {roots.map((root, index) => (
        <details key={root.name} open={index === 0}>
          <summary>
            {trans._n('%2 needs it', '%2 needs it, in %1 ways', root.chains.length, root.name)}
          </summary>
          {root.chains.map(chain => (
            <Chain key={chain.join(' ')} chain={chain} onOpen={props.onOpen} />
          ))}
        </details>
      ))}
    </div>
  );
}

function Chain(props: { chain: readonly string[]; onOpen: (name: string) => void }): JSX.Element {
  return (
    <ol className="jp-envs-Chain">
      {props.chain.map((name, depth) => (
        <li key={name} style={{ paddingInlineStart: depth * 12 }}>
          {depth < props.chain.length - 1 ? (
            <button className="jp-envs-Link" onClick={() => props.onOpen(name)}>
              {name}
            </button>
          ) : (
            <strong>{name}</strong>
          )}
        </li>
      ))}
    </ol>
  );
}
