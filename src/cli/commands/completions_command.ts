import type { Command } from "../command.ts";

/** `tracedeck completions`. */
export const completionsCommand: Command = {
  name: "completions",
  summary: "script that completes command lines in a shell",
  positionals: [{ name: "SHELL", required: true }],
  options: [],
  details:
    "SHELL is bash, zsh or fish. The script is printed; the shell has to read it.",
  examples: [
    [
      "completions bash > ~/.local/share/bash-completion/completions/tracedeck",
      "for bash",
    ],
    [
      "completions zsh > ~/.zfunc/_tracedeck",
      "for zsh, with ~/.zfunc in fpath",
    ],
    [
      "completions fish > ~/.config/fish/completions/tracedeck.fish",
      "for fish",
    ],
  ],
  load: () => import("./completions.ts"),
};
