import { buildsPlugin } from './plugins/builds';
import { commandsPlugin } from './plugins/commands';
import { jobsPlugin } from './plugins/jobs';
import { managerPlugin } from './plugins/manager';
import { notebookPlugin } from './plugins/notebook';
import { notebookCarriedPlugin } from './plugins/notebookCarried';
import { notebookGenerationPlugin } from './plugins/notebookGeneration';
import { notebookKernelsPlugin } from './plugins/notebookKernels';
import { notebookMissingPlugin } from './plugins/notebookMissing';
import { notebookMovedPlugin } from './plugins/notebookMoved';
import { notebookRestartPlugin } from './plugins/notebookRestart';
import { pagePlugin } from './plugins/page';
import { sharedPlugin } from './plugins/shared';
import { sidebarPlugin } from './plugins/sidebar';

export default [
  managerPlugin,
  sidebarPlugin,
  commandsPlugin,
  buildsPlugin,
  jobsPlugin,
  pagePlugin,
  notebookKernelsPlugin,
  notebookPlugin,
  notebookMovedPlugin,
  notebookGenerationPlugin,
  notebookRestartPlugin,
  notebookMissingPlugin,
  notebookCarriedPlugin,
  sharedPlugin
];
