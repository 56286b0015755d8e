// Runs an exported student in transformers.js, unchanged: node transformers.mjs MODULES FOLDER DTYPE MAX_NEW_TOKENS < inputs.json > tokens.json
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';

const [modules, folder, dtype, limit] = process.argv.slice(2);
const entry = createRequire(join(modules, 'none.js')).resolve('@huggingface/transformers');
const { AutoTokenizer, AutoModelForSeq2SeqLM, env } = await import(pathToFileURL(entry));
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);

const name = basename(folder);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const model = await AutoModelForSeq2SeqLM.from_pretrained(name, { dtype, device: 'cpu' });
const answers = [];
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  const inputs = tokenizer(text);
  const output = await model.generate({ ...inputs, max_new_tokens: Number(limit), do_sample: false });
  answers.push({ input: inputs.input_ids.tolist()[0].map(Number), output: output.tolist()[0].map(Number) });
}
process.stdout.write(JSON.stringify(answers));
