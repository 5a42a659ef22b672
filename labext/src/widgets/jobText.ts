/** What a job is called, what it is doing, and what it came to, in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { builtPackages, wasBuiltBefore } from '../models/built';
import type { IProgress } from '../models/progress';
import { requestedFirst } from '../models/specs';
import { IJob, hasEnded, waitsForYes } from '../services/jobs/interfaces';
import { formatBytes } from './format';
import { sentence } from './problem';

/** A job in one line: what is being done, or what was done, to which environment. */
export function jobTitle(job: IJob, trans: TranslationBundle): string {
  if (!hasEnded(job)) {
    return liveTitle(job, trans);
  }
  if (waitsForYes(job)) {
    return trans.__('%1: planned, not confirmed', liveTitle(job, trans));
  }
  return job.state === 'done' ? doneTitle(job, trans) : failedTitle(job, trans);
}

function actionOf(job: IJob): string {
  return job.action || job.kind;
}

function liveTitle(job: IJob, trans: TranslationBundle): string {
  const titles: Record<string, string> = {
    create: trans.__('Creating %1', job.name),
    install: trans.__('Installing into %1', job.name),
    remove: trans.__('Removing from %1', job.name),
    update: trans.__('Updating %1', job.name),
    restore: trans.__('Restoring %1', job.name),
    undo: trans.__('Undoing the last change of %1', job.name),
    clone: trans.__('Cloning into %1', job.name),
    repair: trans.__('Repairing %1', job.name),
    recover: trans.__('Recovering %1', job.name),
    rename: trans.__('Renaming %1', job.name),
    delete: trans.__('Deleting %1', job.name),
    clean: trans.__('Cleaning the package cache'),
    build: trans.__('Building %1', job.name),
    bundle: trans.__('Bundling into %1', job.name)
  };
  return titles[actionOf(job)] ?? `${actionOf(job)} ${job.name}`;
}

function doneTitle(job: IJob, trans: TranslationBundle): string {
  const titles: Record<string, string> = {
    create: trans.__('Created %1', job.name),
    install: trans.__('Installed into %1', job.name),
    remove: trans.__('Removed from %1', job.name),
    update: trans.__('Updated %1', job.name),
    restore: trans.__('Restored %1', job.name),
    undo: trans.__('Undid the last change of %1', job.name),
    clone: trans.__('Cloned into %1', job.name),
    repair: trans.__('Repaired %1', job.name),
    recover: trans.__('Recovered %1', job.name),
    rename: trans.__('Renamed %1', job.name),
    delete: trans.__('Deleted %1', job.name),
    clean: trans.__('Cleaned the package cache'),
    build: wasBuiltBefore(job) ? trans.__('%1 was built before', job.name) : trans.__('Built %1', job.name),
    bundle: trans.__('Bundled into %1', job.name)
  };
  return titles[actionOf(job)] ?? `${actionOf(job)} ${job.name}`;
}

function failedTitle(job: IJob, trans: TranslationBundle): string {
  const title = liveTitle(job, trans);
  if (job.state === 'cancelled') {
    return trans.__('%1: cancelled', title);
  }
  return job.state === 'interrupted' ? trans.__('%1: interrupted', title) : trans.__('%1: failed', title);
}

/**
 * What is said when a job has ended: its title and the one fact that matters. `specs` is what was asked for, as far as
 * this tab knows; the result of an install tells it, too.
 */
export function outcomeText(job: IJob, trans: TranslationBundle, specs: readonly string[] = []): string {
  const title = jobTitle(job, trans);
  if (job.error?.code === 'job.interrupted.early') {
    return trans.__('%1. Its process ended without a word, before it changed anything.', title);
  }
  if (job.kind === 'build' && (job.state === 'interrupted' || job.state === 'cancelled')) {
    return trans.__('%1. Nothing half-built is in the channel.', title);
  }
  if (job.state === 'interrupted') {
    return trans.__('%1. Its process ended without a word; the environment is in its old or its new state, never between.', title);
  }
  if (job.state === 'cancelled') {
    return trans.__('%1. The environment is as it was.', title);
  }
  if (job.error) {
    return [title, job.error.message, job.error.hint].filter(Boolean).map(sentence).join(' ');
  }
  const changed = job.kind === 'build' ? builtPackages(job).map(each => each.dist) : changedNames(job, specs);
  return changed.length > 0 ? `${title}: ${changedText(changed, trans)}` : title;
}

function changedNames(job: IJob, specs: readonly string[]): string[] {
  return job.result ? requestedFirst(job.result.changed, [...specs, ...job.result.asked]) : [];
}

const NAMED = 3;

/** The first names, and how many there are besides. */
function changedText(names: readonly string[], trans: TranslationBundle): string {
  const shown = names.slice(0, NAMED).join(', ');
  const more = names.length - NAMED;
  return more > 0 ? trans._n('%2 and %1 more package', '%2 and %1 more packages', more, shown) : shown;
}

/** What a live job is doing: its phase in words. */
export function phaseText(progress: IProgress | null, job: IJob, trans: TranslationBundle): string {
  if (job.cancel_requested) {
    return trans.__('Stopping…');
  }
  if (!progress) {
    return job.state === 'queued' ? trans.__('Waiting…') : trans.__('Starting…');
  }
  const phases: Record<string, string> = {
    solve: trans.__('Finding versions that go together'),
    fetch: job.kind === 'bundle' ? trans.__('Gathering the archives') : trans.__('Downloading'),
    extract: trans.__('Unpacking'),
    link: trans.__('Linking files'),
    scripts: trans.__('Running link scripts'),
    commit: trans.__('Finishing'),
    kernels: trans.__('Registering the kernel'),
    build: trans.__('Building'),
    script: trans.__('Running the build script'),
    package: trans.__('Packaging'),
    test: trans.__('Testing the package'),
    compile: trans.__('Compiling')
  };
  return phases[progress.phase] ?? progress.text;
}

/** The numbers of a live job: packages, bytes, time left. */
export function numbersText(progress: IProgress | null, trans: TranslationBundle): string {
  if (!progress) {
    return '';
  }
  const parts = [
    progress.total > 0 && trans.__('%1 of %2', progress.done, progress.total),
    progress.totalBytes > 0 && trans.__('%1 of %2', formatBytes(progress.doneBytes), formatBytes(progress.totalBytes)),
    progress.secondsLeft !== null && leftText(progress.secondsLeft, trans)
  ];
  return parts.filter(Boolean).join(' · ');
}

function leftText(seconds: number, trans: TranslationBundle): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? trans._n('%1 second left', '%1 seconds left', whole) : trans._n('%1 minute left', '%1 minutes left', Math.ceil(whole / 60));
}
