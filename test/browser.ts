/**
 * The browser of the tests: the Chromium that npm packs, with its own libraries and with fonts from npm, so that a page
 * looks the same on a bare server and on a desk.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'

/** Starts a headless browser; the first start on a machine unpacks it (250 MB, two seconds). Close it when done. */
export async function launch(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome' })
  const folder = unpacked()
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    chromiumSandbox: false, // it needs a setuid program or user namespaces, and root has neither
    args: [
      '--disable-dev-shm-usage', // a container gives /dev/shm 64 MB
      '--disable-background-networking',
      '--no-zygote',
      '--font-render-hinting=none',
      '--ignore-gpu-blocklist', // WebGL, drawn by the processor
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
    ],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  })
}

/** The folder with the unpacked browser: one per user and version, since others must not write what we run. */
function unpacked(): string {
  const entry = fileURLToPath(import.meta.resolve('@sparticuz/chromium'))
  const manifest = readFileSync(join(dirname(entry), '..', '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  const uid = process.getuid?.()
  const folder = join(tmpdir(), `firebreak-browser-${version}-${uid}`)
  if (existsSync(folder)) {
    if (statSync(folder).uid !== uid)
      throw new Error(`${folder} belongs to another user: set TMPDIR to a folder of yours`)
    return folder
  }
  // Unpacked under another name first: test files that start together would otherwise run half a browser.
  const partial = mkdtempSync(`${folder}.`)
  try {
    unpack(entry, partial)
    // Its one font knows neither arrows nor check marks, and has no monospaced letters.
    const dejavu = join(dirname(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/package.json'))), 'ttf')
    for (const face of ['Sans', 'Sans-Bold', 'SansMono', 'SansMono-Bold']) {
      copyFileSync(join(dejavu, `DejaVu${face}.ttf`), join(partial, 'fonts', `DejaVu${face}.ttf`))
    }
    writeFileSync(join(partial, 'fonts.conf'), fontsConf(folder))
    mkdirSync(join(partial, 'fonts-cache'))
    renameSync(partial, folder)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // otherwise another test file was faster
  }
  return folder
}

/**
 * Lets the package unpack itself. It takes its folder from TMPDIR, brings its libraries only where it believes itself on
 * a Lambda, and then changes the library path of its process: hence a process of its own.
 */
function unpack(entry: string, folder: string): void {
  const program = `import(${JSON.stringify(entry)}).then((chromium) => chromium.default.executablePath())`
  const env = { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x' }
  execFileSync(process.execPath, ['-e', program], { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** A machine without fonts draws no text at all; the machine's own fonts would change the pictures. */
function fontsConf(folder: string): string {
  const prefer = (generic: string, ...families: string[]) =>
    `<alias><family>${generic}</family><prefer>${families.map((name) => `<family>${name}</family>`).join('')}</prefer></alias>`
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
  ${prefer('sans-serif', 'Open Sans', 'DejaVu Sans')}
  ${prefer('system-ui', 'Open Sans', 'DejaVu Sans')}
  ${prefer('monospace', 'DejaVu Sans Mono')}
</fontconfig>
`
}
