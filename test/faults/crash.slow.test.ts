import { it } from 'node:test'
import { crashLoop } from './crash-loop.ts'

it('keeps every acknowledged change and every record when it is killed 20 times under load', async () => {
  const report = await crashLoop(20, (line) => console.log(line))
  console.log(
    `${report.acknowledged} acknowledged requests, ${report.keys} keys, killed ${report.killedWhileStarting} times while starting`,
  )
})
