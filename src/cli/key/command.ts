/** `trent key wrap`: key material made ready for ImportKeyMaterial, of Trent or of AWS. It needs no server and asks none. */
import { Command, Option } from 'commander'
import { ControlError } from '#control/control-error.ts'
import { exitCode } from '#control/exit-code.ts'
import { largestWrapped, wrappingAlgorithms, type WrappingAlgorithm } from '#crypto/import-wrapping.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import { writeDurably } from '#files/durable-file.ts'
import { fileReason } from '#files/file-reason.ts'
import { systemRandom } from '../../system.ts'
import { writeJson, writeLine } from '../operator.ts'
import { readInput } from './read-input.ts'
import { parseMaterial, parseParameters, parsePublicKey, requireMaterialOf, wrap } from './wrap.ts'

interface Given {
  readonly parameters?: string
  readonly publicKey?: string
  readonly algorithm: WrappingAlgorithm
  readonly material: string
  readonly keySpec?: KeySpec
  readonly output?: string
  readonly tokenOutput?: string
  readonly json?: true
}

export function keyCommand(): Command {
  return new Command('key').description('key material of your own').addCommand(wrapCommand())
}

const importable = Object.entries(keySpecs).filter(([, facts]) => facts.importable)

function wrapCommand(): Command {
  const command = new Command('wrap').description('wrap key material for aws kms import-key-material')
  command
    .option('--parameters <file>', 'the JSON answer of aws kms get-parameters-for-import; - is standard input')
    .option('--public-key <file>', 'its PublicKey alone instead: DER, base64 or PEM')
    .requiredOption(
      '--material <file>',
      'the key material: the bytes themselves, or a private key as PKCS #8 (DER or PEM); - is standard input',
    )
    .addOption(
      new Option('--algorithm <name>', 'the WrappingAlgorithm that the parameters were asked for')
        .choices(Object.keys(wrappingAlgorithms))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--key-spec <spec>', 'check first that the material is one of such a key').choices(
        importable.map(([name]) => name),
      ),
    )
    .option('--output <file>', 'write the wrapped bytes there; default: base64 on standard output')
    .option('--token-output <file>', 'write the import token of the parameters there')
    .option('--json', 'print the input of import-key-material, for --cli-input-json')
  return command.action(async () => wrapMaterialOf(command.opts()))
}

// An answer with a token is below 10,000 characters.
const largestParameters = 65_536

async function wrapMaterialOf(given: Given): Promise<void> {
  const { algorithm, keySpec } = given
  const parameters = parametersOf(given)
  const { publicKey, keyId, importToken } = parameters
  if (given.tokenOutput !== undefined && importToken === undefined) {
    throw new ControlError('--token-output needs --parameters: a public key alone has no token')
  }
  if (given.json === true && given.output !== undefined) {
    throw new ControlError('--json prints what --output writes: give one of them')
  }
  const bytes = readInput('the key material', given.material, largestWrapped)
  let material: Buffer | undefined
  try {
    material = parseMaterial(bytes)
    if (keySpec !== undefined) await requireMaterialOf(keySpec, material, algorithm, parameters)
    const wrapped = wrap(publicKey, algorithm, material, systemRandom())
    if (given.tokenOutput !== undefined && importToken !== undefined) await writeFile(given.tokenOutput, importToken)
    if (given.output !== undefined) await writeFile(given.output, wrapped)
    else if (given.json === true) {
      writeJson({
        KeyId: keyId,
        ImportToken: importToken?.toString('base64'),
        EncryptedKeyMaterial: wrapped.toString('base64'),
      })
    } else writeLine(wrapped.toString('base64'))
  } finally {
    bytes.fill(0)
    material?.fill(0)
  }
}

function parametersOf({ parameters, publicKey, material }: Given): ReturnType<typeof parseParameters> {
  if ((parameters === undefined) === (publicKey === undefined)) {
    throw new ControlError('give either --parameters, the answer of GetParametersForImport, or --public-key')
  }
  const path = parameters ?? publicKey ?? ''
  if (path === '-' && material === '-') {
    throw new ControlError('standard input can not be both the parameters and the key material')
  }
  const bytes = readInput(parameters === undefined ? 'the public key' : 'the parameters', path, largestParameters)
  return parameters === undefined ? { publicKey: parsePublicKey(bytes) } : parseParameters(bytes.toString('utf8'))
}

async function writeFile(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeDurably(path, bytes, 0o600, systemRandom())
  } catch (error) {
    throw new ControlError(`cannot write ${path}: ${fileReason(error)}`, exitCode.cannotCreate)
  }
}
