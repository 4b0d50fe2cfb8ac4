// The languages in which queries can be asked, as the server has them.

import { address, read } from "../api/client.ts";
import { problemOf } from "../api/resource.svelte.ts";
import type { Language, Languages, Problem } from "../api/types.ts";

class Spoken {
  list = $state.raw<Language[]>([]);
  problem = $state.raw<Problem | undefined>(undefined);
  #asked = false;

  /** Reads them, once for the page. */
  async read(): Promise<void> {
    if (this.#asked) {
      return;
    }
    this.#asked = true;
    try {
      this.list = (await read<Languages>(address("languages"))).languages;
    } catch (error) {
      this.#asked = false;
      this.problem = problemOf(error);
    }
  }

  /** Returns a language by its name; the first where the name is "". */
  of(name: string): Language | undefined {
    return name === "" ? this.list[0] : this.list.find((language) => language.name === name);
  }
}

export const languages = new Spoken();
