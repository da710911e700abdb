/** Reading a tree strictly: each problem is noted with its place and path, and reading goes on. */
import { suggestion } from '#config/suggestion.ts'
import type { Tree } from '#config/yaml-tree.ts'
import type { Where } from './seed.ts'

/** A part of the file and how one comes there: `keys[3].spec`. */
export interface Spot {
  readonly tree: Tree
  readonly path: string
}

/** The parts of a map by name. */
export type Parts<N extends string> = Partial<Readonly<Record<N, Spot>>>

// Who has a thousand problems has one.
const mostProblems = 20

export class SpotReader {
  readonly problems: string[] = []
  readonly #place: (at: number) => string

  constructor(place: (at: number) => string) {
    this.#place = place
  }

  where({ tree, path }: Spot): Where {
    return `${this.#place(tree.at)}: ${path === '' ? 'the file' : path}`
  }

  problem(spot: Spot, what: string): void {
    if (this.problems.length < mostProblems) this.problems.push(`${this.where(spot)}: ${what}`)
  }

  /** The members of a map of which no other than `names` are known. */
  parts<const N extends string>(spot: Spot, names: readonly N[]): Parts<N> | undefined {
    const { tree, path } = spot
    if (tree.kind !== 'map') {
      this.problem(spot, `write lines such as "${names[0] ?? 'name'}: ..." here`)
      return
    }
    const found: Partial<Record<N, Spot>> = {}
    for (const entry of tree.entries) {
      const name = names.find((each) => each === entry.name)
      const inside = { tree: entry.value, path: path === '' ? entry.name : `${path}.${entry.name}` }
      if (name !== undefined) found[name] = inside
      else {
        this.problem(
          { ...inside, tree: { kind: 'nothing', at: entry.at } },
          `there is no such word${suggestion(entry.name, names)}; correct or remove it`,
        )
      }
    }
    return found
  }

  /** All members of a map, whatever their names. */
  entries(spot: Spot): readonly (readonly [string, Spot])[] {
    const { tree, path } = spot
    if (tree.kind === 'map')
      return tree.entries.map(({ name, value }) => [name, { tree: value, path: `${path}.${name}` }])
    this.problem(spot, 'write lines such as "name: value" here')
    return []
  }

  /** The items of a list; nothing is an empty one. */
  items(spot: Spot | undefined): readonly Spot[] {
    if (spot === undefined || spot.tree.kind === 'nothing') return []
    const { tree, path } = spot
    if (tree.kind === 'list') return tree.items.map((item, index) => ({ tree: item, path: `${path}[${index}]` }))
    this.problem(spot, 'write a list here, its items behind "- "')
    return []
  }

  text(spot: Spot | undefined): string | undefined {
    if (spot === undefined) return undefined
    if (spot.tree.kind === 'text') return spot.tree.text
    this.problem(spot, 'write a value here')
    return undefined
  }

  /** What `parse` makes of the text; undefined from it is a problem in these words. */
  parsed<T>(spot: Spot | undefined, parse: (text: string) => T | undefined, wanted: string): T | undefined {
    const text = this.text(spot)
    if (spot === undefined || text === undefined) return undefined
    const found = parse(text)
    if (found === undefined) this.problem(spot, `${JSON.stringify(text)} is not ${wanted}`)
    return found
  }

  choice<const T extends string>(spot: Spot | undefined, choices: readonly T[], what: string): T | undefined {
    const text = this.text(spot)
    if (spot === undefined || text === undefined) return undefined
    const found = choices.find((each) => each === text)
    if (found === undefined) {
      this.problem(
        spot,
        `${JSON.stringify(text)} is no ${what}${suggestion(text, choices)}; write ${alternatives(choices)}`,
      )
    }
    return found
  }

  /** A date with time and zone, epoch milliseconds; a bare date is midnight UTC. */
  date(spot: Spot | undefined): number | undefined {
    return this.parsed(spot, dateIn, 'a date; write it such as 2026-11-21T10:04:00Z or 2026-11-21')
  }

  whole(spot: Spot | undefined, least: number, most: number): number | undefined {
    const wanted = `a whole number from ${least} to ${most}`
    return this.parsed(
      spot,
      (text) => {
        const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN
        return value >= least && value <= most ? value : undefined
      },
      wanted,
    )
  }
}

function alternatives(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join()
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
}

function dateIn(text: string): number | undefined {
  const shape = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2}))?$/
  const time = shape.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(time) ? undefined : time
}
