/**
 * Ports answer `T | Promise<T>`: an embedded database answers at once, a remote one later. Awaiting costs a microtask even
 * for a value that is there, so the request path continues through `then` and awaits only what is a promise.
 */
export type MaybeAsync<T> = T | Promise<T>

/** Continues with `next` at once when `value` is there, else when it arrives. */
export function after<T, U>(value: MaybeAsync<T>, next: (value: T) => MaybeAsync<U>): MaybeAsync<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** What `step` makes of each of `items`, one after the other. */
export function eachAfter<T, U>(items: Iterable<T>, step: (item: T) => MaybeAsync<U>): MaybeAsync<readonly U[]> {
  const made: U[] = []
  const iterator = items[Symbol.iterator]()
  const rest = (): MaybeAsync<readonly U[]> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      const result = step(next.value)
      if (result instanceof Promise) {
        return result.then((value) => {
          made.push(value)
          return rest()
        })
      }
      made.push(result)
    }
    return made
  }
  return rest()
}
