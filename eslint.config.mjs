import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['labext/lib/**'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  { files: ['labext/**/*.{ts,tsx}'], ...hooks.configs['recommended-latest'] },
  { files: ['labext/**/*.{ts,tsx}'], rules: { '@typescript-eslint/no-explicit-any': 'error', 'no-redeclare': 'off', '@typescript-eslint/no-redeclare': 'off' } }
);
