// Runs a script of this repository under the pinned runtime, whatever Node started it: node bin/node.js SCRIPT [ARG...]
import { launch } from './launch.js'
launch(process.argv.slice(2))
