import type { Command } from "commander";

/** Scripts that teach a shell the commands and their options. */
export const SHELLS = {
  bash: (program: Command) => `# keyfold completion bash > /etc/bash_completion.d/keyfold
_keyfold() {
  local word="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$line" in
${cases(program, (path, words) => `    ${pattern(path)}) COMPREPLY=($(compgen -W "${words}" -- "$word")) ;;\n`)}  esac
}
complete -F _keyfold -o default keyfold
`,
  zsh: (program: Command) => `#compdef keyfold
# keyfold completion zsh > "\${fpath[1]}/_keyfold"
_keyfold() {
  local line="\${(j: :)words[2,CURRENT-1]}"
  case "$line" in
${cases(program, (path, words) => `    ${pattern(path)}) compadd -- ${words} ;;\n`)}  esac
}
_keyfold "$@"
`,
  fish: (program: Command) => `# keyfold completion fish > ~/.config/fish/completions/keyfold.fish
function __keyfold_words
    set -l typed (commandline -opc)
    set -e typed[1]
    string match -v -- '-*' $typed
end
function __keyfold_is
    set -l words (__keyfold_words)
    test "$words" = "$argv"
end
function __keyfold_in
    set -l words (__keyfold_words)
    set -l depth (count $argv)
    test "$words[1..$depth]" = "$argv"
end
${commands(program)
  .map(({ path, command }) => {
    const group = command.commands.length > 0;
    const here = `complete -c keyfold -n '${group ? "__keyfold_is" : "__keyfold_in"}${path === "" ? "" : ` ${path}`}'`;
    return [
      ...command.commands.map((sub) => `${here} -f -a ${sub.name()} -d ${quoted(sub.description())}\n`),
      ...command.options
        .filter(({ long }) => long)
        .map(
          ({ long, description, required }) =>
            `${here} -l ${long!.slice(2)}${required ? " -r" : ""} -d ${quoted(description)}\n`,
        ),
    ].join("");
  })
  .join("")}`,
} as const;

export type Shell = keyof typeof SHELLS;

const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;

interface Named {
  path: string;
  command: Command;
}

function commands(program: Command, path = ""): Named[] {
  return [
    ...program.commands.flatMap((command) => commands(command, `${path} ${command.name()}`.trim())),
    { path, command: program },
  ];
}

/** What was typed of a command: all of its words, and not the beginning of another's. */
const pattern = (path: string): string => (path === "" ? "*" : `"${path}"|"${path} "*`);

/** The deepest command first: the first case that matches is taken. */
function cases(program: Command, line: (path: string, words: string) => string): string {
  return commands(program)
    .map(({ path, command }) => {
      const words = [
        ...command.commands.map((sub) => sub.name()),
        ...command.options.flatMap(({ long }) => (long ? [long] : [])),
      ];
      return line(path, words.join(" "));
    })
    .join("");
}
