/** Compiles the sources to `dist` and, where it can be built, the console to `console/dist`. `npm run build`. */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const run = (folder: string, program: string, ...parameters: string[]) =>
  execFileSync(join(root, 'node_modules', '.bin', program), parameters, { cwd: join(root, folder), stdio: 'inherit' })

rmSync(join(root, 'dist'), { recursive: true, force: true }) // a file that was renamed must not be packed under both names
run('.', 'tsc', '-p', 'tsconfig.build.json')
run('.', 'publint', '--strict')
if (existsSync(join(root, 'console', 'vite.config.ts'))) run('console', 'vite', 'build')
