// Times an exported student in transformers.js: node transformers.mjs MODULES FOLDER DTYPE NEW_TOKENS < questions.json > milliseconds.json
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';

const [modules, folder, dtype, tokens] = process.argv.slice(2);
const entry = createRequire(join(modules, 'none.js')).resolve('@huggingface/transformers');
const { AutoTokenizer, AutoModelForSeq2SeqLM, env } = await import(pathToFileURL(entry));
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);

const name = basename(folder);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const session_options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const model = await AutoModelForSeq2SeqLM.from_pretrained(name, { dtype, device: 'cpu', session_options });
const count = Number(tokens);
const answer = async text =>
  model.generate({ ...tokenizer(text), max_new_tokens: count, min_new_tokens: count, do_sample: false });
const questions = JSON.parse(readFileSync(0, 'utf8'));
for (const text of questions.slice(0, 4)) await answer(text);
const times = [];
for (const text of questions) {
  const start = performance.now();
  await answer(text);
  times.push(performance.now() - start);
}
process.stdout.write(JSON.stringify(times));
