import { managerPlugin } from './plugins/manager';
import { sidebarPlugin } from './plugins/sidebar';

export default [managerPlugin, sidebarPlugin];
