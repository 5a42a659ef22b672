/** Small marks beside a name. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export type BadgeKind = 'plain' | 'count' | 'good' | 'warn' | 'error' | 'source';

export function Badge(props: { kind?: BadgeKind; title?: string; children: React.ReactNode }): JSX.Element {
  return (
    <span className="jp-envs-Mark" data-kind={props.kind ?? 'plain'} title={props.title}>
      {props.children}
    </span>
  );
}

/** Where a package comes from. */
export function SourceBadge(props: { source: string; channel: string; trans: TranslationBundle }): JSX.Element | null {
  const text = sourceText(props.source, props.channel, props.trans);
  return text ? (
    <Badge kind="source" title={props.channel || text}>
      {text}
    </Badge>
  ) : null;
}

/** A source as people call it: the channel's last word, the Python index, this machine. */
export function sourceText(source: string, channel: string, trans: TranslationBundle): string {
  switch (source) {
    case 'pypi':
      return 'PyPI';
    case 'interpreter':
      return trans.__('this machine');
    case 'conda':
      return channelText(channel) || 'conda';
    default:
      return source;
  }
}

/** A channel's name; of a URL its last part. */
export function channelText(channel: string): string {
  const parts = channel.split('/').filter(Boolean);
  return parts[parts.length - 1] ?? '';
}
