// Runs the command by itself, as a process of its own.
import { fileCommand } from '#cli/file/command.ts'

await fileCommand().parseAsync()
