#!/usr/bin/env node
// The door for any Node >= 18: the pinned runtime does the work.
import { fileURLToPath } from 'node:url'
import { launch } from './launch.js'
const args = process.argv.slice(2)
launch([fileURLToPath(new URL('../src/loading/main.js', import.meta.url)), ...args], args[0] === 'serve')
