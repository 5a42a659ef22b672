/** Moments as people read them. */

import { Time } from '@jupyterlab/coreutils';
import * as React from 'react';

/** How long ago, with the moment itself beside it or (`short`) as a tooltip. */
export function Moment(props: { iso: string; short?: boolean }): JSX.Element {
  const date = new Date(props.iso);
  if (Number.isNaN(date.getTime())) {
    return <span>{props.iso}</span>;
  }
  const exact = Time.format(date);
  return (
    <time dateTime={props.iso} title={exact}>
      {props.short ? Time.formatHuman(date) : `${Time.formatHuman(date)} · ${exact}`}
    </time>
  );
}

/** A day, as the reader's language writes it. */
export function formatDate(date: Date): string {
  return date.toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}
