/** The extension's own icon; its classes take the theme's colours. */

import { LabIcon } from '@jupyterlab/ui-components';

import environmentSvg from '../style/icons/environment.svg';

/** A box: an environment, closed on its own. */
export const environmentIcon = new LabIcon({ name: 'jupyter-envs:environment', svgstr: environmentSvg });
