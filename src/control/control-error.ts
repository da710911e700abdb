import { exitCode } from './exit-code.ts'

/** An operator's command can't be carried out. The message is for the operator; `exit` is the exit code of the command. */
export class ControlError extends Error {
  readonly exit: number

  constructor(message: string, exit: number = exitCode.usage) {
    super(message)
    this.name = 'ControlError'
    this.exit = exit
  }
}
