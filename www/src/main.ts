import { mount } from 'svelte';
import './app.css';
import './layout.css';
import App from './App.svelte';
import { openEngine } from './engine/open';
import { browserMemory } from './state/memory';
import { Ui } from './state/ui.svelte';

const target = document.getElementById('app');
if (target === null) {
  throw new Error('index.html has no #app');
}
const ui = new Ui(browserMemory, navigator.languages);
// What index.html shows meanwhile makes way for the same in the reader's language.
target.replaceChildren();
mount(App, { target, props: { ui, open: openEngine } });
