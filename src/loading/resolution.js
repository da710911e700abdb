// @ts-check
/**
 * How this program's own modules find each other: by their place alone. Node.js looks for the package that a specifier
 * belongs to, its rules for `#` and the real path of each file, once for every import of a module, and there are more than a
 * thousand: half of the CPU time of a start.
 */
import { registerHooks } from 'node:module'

const sources = new URL('../', import.meta.url).href

/**
 * What a module at `parent` imports as `specifier`: the URL of a source of this program; undefined for whatever Node.js has
 * to find. `#layer/file.ts` is `src/layer/file.ts`, as package.json says.
 * @param {string} specifier
 * @param {string | undefined} parent
 * @returns {string | undefined}
 */
export function ownModule(specifier, parent) {
  if (!specifier.endsWith('.ts') || parent?.startsWith(sources) !== true) return undefined
  if (specifier.startsWith('#')) return sources + specifier.slice(1)
  return specifier.startsWith('.') ? new URL(specifier, parent).href : undefined
}

/** For this thread, and what it imports from now on. */
export function resolveOwnModules() {
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = ownModule(specifier, context.parentURL)
      return url === undefined ? next(specifier, context) : { url, format: 'module-typescript', shortCircuit: true }
    },
  })
}
