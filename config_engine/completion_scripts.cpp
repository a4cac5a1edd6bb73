// What the shells evaluate. @NAME@ stands for the program's name, @ID@ for a name of functions made from it.
#include <algorithm>
#include <filesystem>

#include "config_engine/completion_shell.hpp"

namespace cfgtool {

namespace {

// COMPREPLY's words replace what readline takes for the word: the program cuts its answers accordingly, so that
// COMP_WORDBREAKS may stay as the user has it. A space at an answer's end says that the word is complete.
constexpr std::string_view kBashInstall = R"SCRIPT(_@ID@_complete() {
  local program=$1
  # As it was typed: perhaps quoted, perhaps with a tilde. What could do more than that is not evaluated.
  case $program in
    *[\$\`\;\&\|\<\>\(\)\*\?\[]*) program=@NAME@ ;;
    *) eval "program=$program" ;;
  esac
  type -P -- "$program" > /dev/null || program=@NAME@
  mapfile -t COMPREPLY < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} COMP_POINT= COMP_WORDBREAKS=$COMP_WORDBREAKS \
    "$program" --shell-completion query=bash 2> /dev/null < /dev/null)
  # With no answer, bash completes files.
  if ((${#COMPREPLY[@]} == 0)) || { ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *' ' ]]; }; then
    compopt +o nospace
  fi
  COMPREPLY=("${COMPREPLY[@]% }")
}
complete -o nospace -o bashdefault -o default -F _@ID@_complete @NAME@
)SCRIPT";

constexpr std::string_view kBashUninstall = R"SCRIPT(complete -r @NAME@ 2> /dev/null
unset -f _@ID@_complete
)SCRIPT";

// Also for a folder of $fpath, as _@NAME@: the file is then the function's body, when it is called first.
constexpr std::string_view kZshInstall = R"SCRIPT(#compdef @NAME@
_@ID@() {
  local program=${(Q)words[1]} answer result=1
  local -a complete_words open_words other_words
  [[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
  whence -p -- "$program" > /dev/null || program=@NAME@
  while IFS= read -r answer; do
    case $answer in
      S*) complete_words+=("${answer[2,-1]}") ;;
      N*) open_words+=("${answer[2,-1]}") ;;
      R*) other_words+=("${answer[2,-1]}") ;;
    esac
  done < <(COMP_LINE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" COMP_POINT= \
    "$program" --shell-completion query=zsh 2> /dev/null < /dev/null)
  if (( $#complete_words + $#open_words + $#other_words == 0 )); then
    _default
    return
  fi
  (( $#other_words )) && compadd -U -S '' -a other_words && result=0
  _describe -t candidates candidate complete_words -- open_words -S '' && result=0
  return result
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _@ID@ "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _@ID@ @NAME@
fi
)SCRIPT";

constexpr std::string_view kZshUninstall = R"SCRIPT(compdef -d @NAME@ 2> /dev/null
unfunction _@ID@ 2> /dev/null
)SCRIPT";

constexpr std::string_view kFishInstall = R"SCRIPT(function __@ID@_complete
    set -l program (commandline -cpo)[1]
    set program (string replace -r '^~/' "$HOME/" -- $program)
    type -q -- $program
    or set program @NAME@
    set -l typed (commandline -cp | string collect)
    set -l answers (COMP_LINE=$typed COMP_POINT= $program --shell-completion query=fish 2> /dev/null < /dev/null)
    if test (count $answers) -gt 0
        printf '%s\n' $answers
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c @NAME@ -f -a '(__@ID@_complete)'
)SCRIPT";

constexpr std::string_view kFishUninstall = R"SCRIPT(complete -e -c @NAME@
functions -e __@ID@_complete
)SCRIPT";

std::string quoted(Shell shell, const std::string& name) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '+'; };
  if (std::all_of(name.begin(), name.end(), is_plain)) return name;
  std::string text = "'";
  for (const char c : name) {
    if (shell == Shell::kFish) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    } else {
      text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
  }
  return text + "'";
}

std::string fill(std::string_view script, Shell shell, const std::string& program) {
  const std::string name = std::filesystem::path(program).filename().string();
  std::string id = name;
  std::replace_if(
      id.begin(), id.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  const std::string quoted_name = quoted(shell, name);
  std::string text(script);
  for (const auto& [mark, value] : {std::pair<std::string_view, const std::string&>{"@NAME@", quoted_name},
                                    std::pair<std::string_view, const std::string&>{"@ID@", id}}) {
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  }
  return text;
}

}  // namespace

std::string install_script(Shell shell, const std::string& program) {
  return fill(shell == Shell::kBash ? kBashInstall : shell == Shell::kZsh ? kZshInstall : kFishInstall, shell, program);
}

std::string uninstall_script(Shell shell, const std::string& program) {
  return fill(shell == Shell::kBash  ? kBashUninstall
              : shell == Shell::kZsh ? kZshUninstall
                                     : kFishUninstall,
              shell, program);
}

}  // namespace cfgtool
