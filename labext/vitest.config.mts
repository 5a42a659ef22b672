import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['labext/test/**/*.spec.ts'] } });
