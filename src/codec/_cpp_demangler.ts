// Reads one name of the Itanium C++ ABI by descent: each method stands for one
// rule of its grammar, in the order names, template arguments, types,
// expressions. What was read may be referred to again (`S_`, `T_`), so parts are
// kept as nodes and written at the end.

import {
  arrayNode,
  type CppNode,
  type CppPrinter,
  type CppReference,
  EMPTY,
  expansionNode,
  functionNode,
  functionTypeNode,
  memberPointerNode,
  nameNode,
  nestedNode,
  packNode,
  packParameterNode,
  plainNode,
  pointerNode,
  printNode,
  printTemplateArgs,
  qualifiedNode,
  referenceNode,
  suffixNode,
  templateNode,
  textNode,
} from "./_cpp_node.ts";
import {
  CPP_BUILTIN_TYPES,
  CPP_LITERAL_SUFFIXES,
  CPP_MORE_BUILTIN_TYPES,
  CPP_OPERATORS,
  CPP_STANDARD_NAMES,
} from "./_cpp_operator_table.ts";

const MAX_DEPTH = 256;
const MAX_STEPS = 100_000;

/** The name is not of this grammar; never seen outside. */
export class NotCpp extends Error {}

/** Reads one name, behind its `_Z`. */
export class CppDemangler {
  readonly #text: string;
  #at: number;
  #depth = 0;
  #steps = 0;
  #substitutions: CppNode[] = [];
  #templateArgs: CppNode[] = [];
  #forwardReferences: ForwardReference[] = [];
  /** Whether the type of a conversion is read, whose arguments come behind it. */
  #mayReferForward = false;
  /** Whether parameters of a lambda are read. */
  #isInLambda = false;

  /**
   * @param text The whole symbol.
   * @param at Where the encoding begins.
   */
  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Where reading stopped. */
  get position(): number {
    return this.#at;
  }

  // ---- names

  /**
   * A function or object with its type, or one that the compiler made.
   *
   * @param isInner Whether it is part of another name, where no return type is shown.
   */
  encoding(isInner = false): CppNode {
    return this.#guarded(() => {
      const special = this.#specialName();
      if (special !== undefined) return special;
      const waiting = this.#forwardReferences.length;
      const name = this.#name(true);
      this.#resolveForwardReferences(waiting);
      if (this.#atEndOfEncoding()) return name;
      const result = name.hasTemplateArgs === true &&
          name.hidesReturnType !== true
        ? this.#type()
        : undefined;
      return functionNode(
        name,
        this.#parameters(),
        isInner ? undefined : result,
      );
    });
  }

  #atEndOfEncoding(): boolean {
    const next = this.#peek();
    return next === "" || next === "E" || next === "." || next === "_";
  }

  #parameters(): CppNode[] {
    if (this.#peek() === "v" && this.#isEndBehind(this.#at + 1)) {
      this.#at++;
      return [];
    }
    const parameters: CppNode[] = [];
    while (!this.#atEndOfEncoding()) {
      if (this.#peek() === "Q") break;
      parameters.push(this.#type());
    }
    if (this.#take("Q")) this.#expression();
    return parameters;
  }

  #isEndBehind(at: number): boolean {
    const next = this.#text[at] ?? "";
    return next === "" || next === "E" || next === "." || next === "_";
  }

  #specialName(): CppNode | undefined {
    const two = this.#text.slice(this.#at, this.#at + 2);
    const of = (prefix: string, read: () => CppNode): CppNode => {
      this.#at += 2;
      const node = read();
      return plainNode((out) => {
        out.print(prefix);
        printNode(out, node);
      });
    };
    switch (two) {
      case "TV":
        return of("vtable for ", () => this.#type());
      case "TT":
        return of("VTT for ", () => this.#type());
      case "TI":
        return of("typeinfo for ", () => this.#type());
      case "TS":
        return of("typeinfo name for ", () => this.#type());
      case "TW":
        return of("TLS wrapper function for ", () => this.#name());
      case "TH":
        return of("TLS init function for ", () => this.#name());
      case "TA":
        return of(
          "template parameter object for ",
          () => this.#templateArg(),
        );
      case "Th":
      case "Tv":
        this.#at++;
        this.#callOffset();
        return this.#prefixed(
          two === "Th" ? "non-virtual thunk to " : "virtual thunk to ",
        );
      case "Tc":
        this.#at += 2;
        this.#callOffset();
        this.#callOffset();
        return this.#prefixed("covariant return thunk to ");
      case "TC":
        return this.#constructionVtable();
      case "GV":
        return of("guard variable for ", () => this.#name());
      case "GR": {
        this.#at += 2;
        const name = this.#name();
        const index = this.#peek() === "_" ? 0 : this.#base36() + 1;
        this.#expect("_");
        return plainNode((out) => {
          out.print(`reference temporary #${index} for `);
          printNode(out, name);
        });
      }
      case "GA":
        return of("hidden alias for ", () => this.encoding());
      case "GT":
        this.#at += 2;
        return this.#prefixed(
          this.#next() === "n"
            ? "non-transaction clone for "
            : "transaction clone for ",
        );
      default:
        return undefined;
    }
  }

  #prefixed(prefix: string): CppNode {
    const node = this.encoding();
    return plainNode((out) => {
      out.print(prefix);
      printNode(out, node);
    });
  }

  #constructionVtable(): CppNode {
    this.#at += 2;
    const derived = this.#type();
    this.#number();
    this.#expect("_");
    const base = this.#type();
    return plainNode((out) => {
      out.print("construction vtable for ");
      printNode(out, base);
      out.print("-in-");
      printNode(out, derived);
    });
  }

  #callOffset(): void {
    const kind = this.#next();
    if (kind !== "h" && kind !== "v") throw new NotCpp();
    this.#number();
    this.#expect("_");
    if (kind === "h") return;
    this.#number();
    this.#expect("_");
  }

  /** @param isOwner Whether its template arguments are those that `T_` means. */
  #name(isOwner = false): CppNode {
    return this.#guarded(() => {
      switch (this.#peek()) {
        case "N":
          return this.#nestedName(isOwner);
        case "Z":
          return this.#localName(isOwner);
        default: {
          const isSubstitution = this.#peek() === "S" &&
            this.#text[this.#at + 1] !== "t";
          const name = isSubstitution
            ? this.#substitution()
            : this.#unscopedName();
          if (this.#peek() !== "I") return name;
          if (!isSubstitution) this.#substitutions.push(name);
          return templateNode(name, this.#templateArguments(isOwner));
        }
      }
    });
  }

  #unscopedName(): CppNode {
    const isStandard = this.#takeText("St");
    const name = this.#unqualifiedName(undefined);
    return isStandard ? nestedNode(textNode("std"), name) : name;
  }

  #nestedName(isOwner: boolean): CppNode {
    this.#expect("N");
    const isExplicitObject = this.#take("H");
    const qualifiers = isExplicitObject ? "" : this.#qualifiers().join("") +
      (this.#take("R") ? " &" : this.#take("O") ? " &&" : "");
    let node: CppNode | undefined;
    while (!this.#take("E")) {
      const next = this.#peek();
      if (next === "S" && this.#text[this.#at + 1] !== "t") {
        if (node !== undefined) throw new NotCpp();
        node = this.#substitution();
        continue;
      }
      if (next === "I") {
        if (node === undefined) throw new NotCpp();
        node = templateNode(node, this.#templateArguments(isOwner));
      } else if (next === "T") {
        node = this.#templateParameter();
      } else if (
        next === "D" && /[tT]/.test(this.#text[this.#at + 1] ?? "")
      ) {
        node = this.#decltype();
      } else if (next === "M") {
        // Marks the initialiser of a data member.
        this.#at++;
        continue;
      } else {
        const isStandard = this.#takeText("St");
        const name = this.#unqualifiedName(node);
        node = node !== undefined
          ? nestedNode(node, name)
          : isStandard
          ? nestedNode(textNode("std"), name)
          : name;
      }
      if (this.#peek() !== "E") this.#substitutions.push(node);
    }
    if (node === undefined) throw new NotCpp();
    return qualifiers === ""
      ? node
      : { ...node, functionQualifiers: qualifiers };
  }

  #localName(isOwner: boolean): CppNode {
    this.#expect("Z");
    const savedArgs = this.#templateArgs;
    const owner = this.encoding(true);
    this.#expect("E");
    // Arguments of the owner are those of its local names.
    if (!isOwner || this.#templateArgs.length === 0) {
      this.#templateArgs = savedArgs;
    }
    if (this.#take("s")) {
      this.#discriminator();
      return nestedNode(owner, textNode("string literal"));
    }
    let index: string | undefined;
    if (this.#take("d")) {
      index = this.#peek() === "_" ? "1" : String(this.#number() + 2);
      this.#expect("_");
    }
    const name = this.#name(isOwner);
    this.#discriminator();
    const scope = index === undefined ? owner : nestedNode(
      owner,
      textNode(`{default arg#${index}}`),
    );
    return {
      ...nestedNode(scope, name),
      hasTemplateArgs: name.hasTemplateArgs,
      functionQualifiers: name.functionQualifiers,
    };
  }

  #discriminator(): void {
    if (!/^__?\d/.test(this.#text.slice(this.#at, this.#at + 3))) return;
    this.#at++;
    if (this.#take("_")) {
      this.#number();
      this.#expect("_");
    } else this.#at++;
  }

  #unqualifiedName(scope: CppNode | undefined): CppNode {
    const next = this.#peek();
    let node: CppNode;
    if (next === "L") {
      // Internal linkage.
      this.#at++;
      return this.#unqualifiedName(scope);
    }
    if (next === "F" && scope !== undefined) {
      // A friend that is like a member.
      this.#at++;
      return this.#unqualifiedName(scope);
    }
    if (/\d/.test(next)) node = this.#sourceName();
    else if (next === "U") node = this.#unnamedType();
    else if (next === "C" || (next === "D" && this.#isDestructor())) {
      if (scope === undefined) throw new NotCpp();
      node = this.#structor(scope);
    } else if (this.#takeText("DC")) node = this.#structuredBinding();
    else node = this.#operatorName();
    return this.#abiTags(node);
  }

  #isDestructor(): boolean {
    return /[0-5]/.test(this.#text[this.#at + 1] ?? "");
  }

  #abiTags(node: CppNode): CppNode {
    let tagged = node;
    while (this.#peek() === "B") {
      this.#at++;
      const tag = this.#sourceName();
      const inner = tagged;
      tagged = {
        ...inner,
        left: (out) => {
          printNode(out, inner);
          out.print("[abi:");
          printNode(out, tag);
          out.print("]");
        },
        baseName: inner.baseName ?? inner,
      };
    }
    return tagged;
  }

  #sourceName(): CppNode {
    const length = this.#positiveNumber();
    const end = this.#at + length;
    if (length === 0 || end > this.#text.length) throw new NotCpp();
    const text = this.#text.slice(this.#at, end);
    this.#at = end;
    return nameNode(
      /^_GLOBAL_[._$]N/.test(text) ? "(anonymous namespace)" : text,
    );
  }

  #structor(scope: CppNode): CppNode {
    const kind = this.#next();
    const isDestructor = kind === "D";
    if (kind === "C" && this.#take("I")) {
      this.#at++;
      this.#type();
    } else this.#at++;
    const base = scope.baseName ?? scope;
    return plainNode((out) => {
      if (isDestructor) out.print("~");
      printNode(out, base);
    }, { hidesReturnType: true });
  }

  #unnamedType(): CppNode {
    this.#expect("U");
    switch (this.#next()) {
      case "t": {
        const index = this.#localIndex();
        return textNode(`{unnamed type#${index}}`);
      }
      case "l": {
        // Kinds of the lambda's own template parameters.
        while (/^T[yntp]/.test(this.#text.slice(this.#at, this.#at + 2))) {
          this.#templateParameterDeclaration();
        }
        const parameters: CppNode[] = [];
        const wasInLambda = this.#isInLambda;
        this.#isInLambda = true;
        if (this.#peek() === "v") this.#at++;
        else {
          while (this.#peek() !== "E") parameters.push(this.#type());
        }
        this.#isInLambda = wasInLambda;
        this.#expect("E");
        const index = this.#localIndex();
        return plainNode((out) => {
          out.print("{lambda(");
          out.lambdas++;
          out.list(parameters);
          out.lambdas--;
          out.print(`)#${index}}`);
        });
      }
      case "b": {
        this.#number();
        this.#expect("_");
        return textNode("'block-literal'");
      }
      default:
        throw new NotCpp();
    }
  }

  #templateParameterDeclaration(): void {
    this.#at++;
    switch (this.#next()) {
      case "n":
        this.#type();
        return;
      case "t":
        while (!this.#take("E")) this.#templateParameterDeclaration();
        return;
      case "p":
        this.#templateParameterDeclaration();
        return;
    }
  }

  #localIndex(): number {
    const index = /\d/.test(this.#peek()) ? this.#positiveNumber() + 2 : 1;
    this.#expect("_");
    return index;
  }

  #structuredBinding(): CppNode {
    const names: CppNode[] = [];
    while (!this.#take("E")) names.push(this.#sourceName());
    return plainNode((out) => {
      out.print("[");
      out.list(names);
      out.print("]");
    });
  }

  #operatorName(): CppNode {
    const code = this.#text.slice(this.#at, this.#at + 2);
    if (code === "cv") {
      this.#at += 2;
      // Its type may name template arguments that only come behind it.
      const before = this.#mayReferForward;
      this.#mayReferForward = true;
      const type = this.#type();
      this.#mayReferForward = before;
      return plainNode((out) => {
        out.print("operator ");
        printNode(out, type);
      }, { hidesReturnType: true });
    }
    if (code === "li") {
      this.#at += 2;
      const name = this.#sourceName();
      return plainNode((out) => {
        out.print('operator"" ');
        printNode(out, name);
      });
    }
    if (/^v\d/.test(code)) {
      this.#at += 2;
      const name = this.#sourceName();
      return plainNode((out) => {
        out.print("operator ");
        printNode(out, name);
      });
    }
    const operator = CPP_OPERATORS[code];
    if (operator === undefined) throw new NotCpp();
    this.#at += 2;
    const text = operator.text.trimEnd();
    return textNode(`operator${/^[a-z]/.test(text) ? " " : ""}${text}`);
  }

  #substitution(): CppNode {
    this.#expect("S");
    const next = this.#peek();
    const standard = CPP_STANDARD_NAMES[next];
    if (standard !== undefined) {
      this.#at++;
      const [name, baseName, wholeName] = standard;
      const node: CppNode = {
        // A constructor or destructor is that of the template.
        ...textNode(
          /^(?:C[1-5I]|D[0-5])/.test(this.#text.slice(this.#at, this.#at + 2))
            ? wholeName
            : name,
        ),
        baseName: textNode(baseName),
      };
      if (this.#peek() !== "B") return node;
      const tagged = this.#abiTags(node);
      this.#substitutions.push(tagged);
      return tagged;
    }
    const index = next === "_" ? 0 : this.#base36() + 1;
    this.#expect("_");
    const node = this.#substitutions[index];
    if (node === undefined) throw new NotCpp();
    return node.parameterIndex === undefined
      ? node
      : this.#argument(node.parameterIndex);
  }

  // ---- template arguments

  #templateArguments(isTagged: boolean): CppNode[] {
    return this.#guarded(() => {
      this.#expect("I");
      const args: CppNode[] = [];
      if (isTagged) this.#templateArgs = args;
      while (!this.#take("E")) {
        if (this.#take("Q")) {
          this.#expression();
          continue;
        }
        args.push(this.#templateArg());
      }
      // Arguments within were tagged in between.
      if (isTagged) this.#templateArgs = args;
      return args;
    });
  }

  #templateArg(): CppNode {
    return this.#guarded(() => {
      switch (this.#peek()) {
        case "L":
          return this.#literal();
        case "X": {
          this.#at++;
          const expression = this.#expression();
          this.#expect("E");
          return expression;
        }
        case "J":
        case "I": {
          this.#at++;
          const elements: CppNode[] = [];
          while (!this.#take("E")) elements.push(this.#templateArg());
          return packNode(elements);
        }
        case "T":
          if (/^T[yntp]/.test(this.#text.slice(this.#at, this.#at + 2))) {
            this.#templateParameterDeclaration();
            return this.#templateArg();
          }
          return this.#type();
        default:
          return this.#type();
      }
    });
  }

  #templateParameter(): CppNode {
    this.#expect("T");
    if (this.#take("L")) {
      this.#number();
      this.#expect("_");
    }
    const index = this.#peek() === "_" ? 0 : this.#positiveNumber() + 1;
    this.#expect("_");
    return this.#argument(index);
  }

  #argument(index: number): CppNode {
    // Parameters of a lambda have arguments only where it is called.
    if (this.#mayReferForward || this.#isInLambda) {
      const reference = new ForwardReference(index, this.#isInLambda);
      this.#forwardReferences.push(reference);
      return reference;
    }
    const node = this.#templateArgs[index];
    if (node === undefined) {
      return { ...textNode(`auto:${index + 1}`), parameterIndex: index };
    }
    return {
      left: (out) => out.left(node),
      right: (out) => out.right(node),
      shape: (out) => out.shape(node),
      baseName: node.baseName,
      reference: (out) => node.reference?.(out),
      qualifiers: node.qualifiers,
      ...node.pack === undefined ? {} : packParameterNode(node.pack),
      parameterIndex: index,
    };
  }

  #resolveForwardReferences(from: number): void {
    for (const reference of this.#forwardReferences.splice(from)) {
      reference.target = this.#templateArgs[reference.parameterIndex];
    }
  }

  // ---- types

  #type(): CppNode {
    return this.#guarded(() => {
      const next = this.#peek();
      const two = this.#text.slice(this.#at, this.#at + 2);
      switch (next) {
        case "r":
        case "V":
        case "K":
          return this.#qualifiedType();
        case "P":
          this.#at++;
          return this.#remember(pointerNode(this.#type(), "*"));
        case "R":
          this.#at++;
          return this.#remember(referenceNode(this.#type(), false));
        case "O":
          this.#at++;
          return this.#remember(referenceNode(this.#type(), true));
        case "C":
          this.#at++;
          return this.#remember(suffixNode(this.#type(), " _Complex"));
        case "G":
          this.#at++;
          return this.#remember(suffixNode(this.#type(), " _Imaginary"));
        case "U":
          return this.#remember(this.#vendorQualifiedType());
        case "F":
          return this.#remember(this.#functionType("", EMPTY));
        case "A":
          return this.#remember(this.#arrayType());
        case "M": {
          this.#at++;
          const owner = this.#type();
          return this.#remember(memberPointerNode(owner, this.#type()));
        }
        case "T":
          if (/^T[sue]$/.test(two)) {
            this.#at += 2;
            return this.#remember(this.#name());
          }
          return this.#parameterWithArguments();
        case "S":
          if (two === "St") return this.#classType();
          return this.#templateTemplate(this.#substitution());
        case "D":
          return this.#typeBehindD(two);
        case "u": {
          this.#at++;
          const name = this.#sourceName();
          return this.#remember(
            this.#peek() === "I"
              ? templateNode(name, this.#templateArguments(false))
              : name,
          );
        }
        default: {
          const builtin = CPP_BUILTIN_TYPES[next];
          if (builtin !== undefined) {
            this.#at++;
            return textNode(builtin);
          }
          return this.#classType();
        }
      }
    });
  }

  #remember(node: CppNode): CppNode {
    this.#substitutions.push(node);
    return node;
  }

  #classType(): CppNode {
    return this.#remember(this.#name());
  }

  /** Arguments for a template that is itself a parameter or was named before. */
  #templateTemplate(node: CppNode): CppNode {
    if (this.#peek() !== "I") return node;
    return this.#remember(templateNode(node, this.#templateArguments(false)));
  }

  #parameterWithArguments(): CppNode {
    const parameter = this.#remember(this.#templateParameter());
    if (this.#peek() !== "I" || !this.#mayReferForward) {
      return this.#templateTemplate(parameter);
    }
    // Arguments behind the type of a conversion are those of the conversion,
    // unless they are followed by others.
    const restore = this.#savePosition();
    const node = this.#templateTemplate(parameter);
    if (this.#peek() === "I") return node;
    restore();
    return parameter;
  }

  #typeBehindD(two: string): CppNode {
    switch (two) {
      case "Dp": {
        this.#at += 2;
        return this.#remember(expansionNode(this.#type()));
      }
      case "Dt":
      case "DT":
        return this.#remember(this.#decltype());
      case "Dv":
        return this.#remember(this.#vectorType());
      case "Do":
      case "DO":
      case "Dw":
      case "Dx":
        return this.#remember(this.#functionType("", this.#exceptions()));
      case "Dk":
      case "DK": {
        this.#at += 2;
        const concept = this.#name();
        const word = two === "Dk" ? "auto" : "decltype(auto)";
        return this.#remember(plainNode((out) => {
          printNode(out, concept);
          out.print(` ${word}`);
        }));
      }
      case "DF": {
        this.#at += 2;
        const bits = this.#positiveNumber();
        const more = this.#take("x") ? "x" : "";
        if (more === "") this.#take("_");
        else this.#take("_");
        return textNode(`_Float${bits}${more}`);
      }
      default: {
        const builtin = CPP_MORE_BUILTIN_TYPES[two[1] ?? ""];
        if (builtin === undefined) return this.#classType();
        this.#at += 2;
        return this.#abiTags(textNode(builtin));
      }
    }
  }

  #qualifiers(): string[] {
    const isRestrict = this.#take("r");
    const isVolatile = this.#take("V");
    const isConst = this.#take("K");
    return [
      ...isConst ? [" const"] : [],
      ...isVolatile ? [" volatile"] : [],
      ...isRestrict ? [" restrict"] : [],
    ];
  }

  #qualifiedType(): CppNode {
    const qualifiers = this.#qualifiers();
    // Qualifiers of a function type stand behind its parameters.
    if (/^(?:F|D[oOwx])/.test(this.#text.slice(this.#at, this.#at + 2))) {
      return this.#remember(
        this.#functionType(qualifiers.join(""), this.#exceptions()),
      );
    }
    return this.#remember(qualifiedNode(this.#type(), qualifiers));
  }

  #vendorQualifiedType(): CppNode {
    this.#expect("U");
    const name = this.#sourceName();
    const args = this.#peek() === "I"
      ? this.#templateArguments(false)
      : undefined;
    const type = this.#type();
    return {
      ...suffixNode(type, ""),
      left: (out) => {
        out.left(type);
        out.print(" ");
        printNode(out, name);
        if (args !== undefined) printTemplateArgs(out, args);
      },
    };
  }

  #exceptions(): CppNode {
    let node = EMPTY;
    if (this.#takeText("Do")) node = textNode(" noexcept");
    else if (this.#takeText("DO")) {
      node = wrap(" noexcept(", this.#expression(), ")");
      this.#expect("E");
    } else if (this.#takeText("Dw")) {
      const types: CppNode[] = [];
      while (!this.#take("E")) types.push(this.#type());
      node = wrap(" throw(", packNode(types), ")");
    }
    return this.#takeText("Dx") ? wrap("", node, " transaction_safe") : node;
  }

  #functionType(qualifiers: string, exceptions: CppNode): CppNode {
    this.#expect("F");
    this.#take("Y");
    const result = this.#type();
    const parameters: CppNode[] = [];
    let reference = "";
    while (!this.#take("E")) {
      if (this.#takeText("RE")) {
        reference = " &";
        break;
      }
      if (this.#takeText("OE")) {
        reference = " &&";
        break;
      }
      if (this.#peek() === "v" && /^v[ERO]/.test(this.#text.slice(this.#at))) {
        this.#at++;
        continue;
      }
      parameters.push(this.#type());
    }
    return functionTypeNode(
      result,
      parameters,
      wrap(qualifiers + reference, exceptions, ""),
    );
  }

  #arrayType(): CppNode {
    this.#expect("A");
    let size: CppNode | undefined;
    if (/\d/.test(this.#peek())) {
      size = textNode(String(this.#positiveNumber()));
    } else if (this.#peek() !== "_") size = this.#expression();
    this.#expect("_");
    return arrayNode(this.#type(), size);
  }

  #vectorType(): CppNode {
    this.#at += 2;
    let size: CppNode;
    if (/\d/.test(this.#peek())) {
      size = textNode(String(this.#positiveNumber()));
    } else if (this.#peek() === "_") {
      this.#at++;
      size = this.#expression();
    } else size = EMPTY;
    this.#expect("_");
    const element = this.#type();
    return plainNode((out) => {
      printNode(out, element);
      out.print(" __vector(");
      printNode(out, size);
      out.print(")");
    });
  }

  #decltype(): CppNode {
    this.#at += 2;
    const expression = this.#expression();
    this.#expect("E");
    return plainNode((out) => {
      out.print("decltype (");
      printNode(out, expression);
      out.print(")");
    });
  }

  // ---- expressions

  #literal(): CppNode {
    this.#expect("L");
    if (this.#takeText("_Z") || this.#take("Z")) {
      const savedArgs = this.#templateArgs;
      const node = this.encoding();
      this.#templateArgs = savedArgs;
      this.#expect("E");
      return node;
    }
    const letter = this.#peek();
    if (this.#takeText("DnE") || this.#takeText("Dn0E")) {
      return textNode("nullptr");
    }
    if (letter === "b" && this.#takeText("b0E")) return textNode("false");
    if (letter === "b" && this.#takeText("b1E")) return textNode("true");
    const suffix = CPP_LITERAL_SUFFIXES[letter];
    const type = this.#type();
    const end = this.#text.indexOf("E", this.#at);
    if (end < 0) throw new NotCpp();
    const digits = this.#text.slice(this.#at, end).replace(/^n/, "-");
    this.#at = end + 1;
    if (suffix !== undefined) return textNode(`${digits}${suffix}`);
    return plainNode((out) => {
      out.print("(");
      printNode(out, type);
      out.print(`)${/^[def]$/.test(letter) ? `[${digits}]` : digits}`);
    });
  }

  #expression(): CppNode {
    return this.#guarded(() => {
      const two = this.#text.slice(this.#at, this.#at + 2);
      const isGlobal = two === "gs";
      if (isGlobal) this.#at += 2;
      const node = this.#plainExpression();
      return isGlobal
        ? plainNode((out) => {
          out.print("::");
          printNode(out, node);
        })
        : node;
    });
  }

  #plainExpression(): CppNode {
    const next = this.#peek();
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (next === "L") return this.#literal();
    if (next === "T") return this.#templateParameter();
    if (two === "fp" || /^f[Lp]/.test(two)) return this.#functionParameter();
    if (/^f[lrLR]/.test(two)) return this.#fold(two);
    switch (two) {
      case "cv":
        return this.#conversion();
      case "il":
      case "tl":
        return this.#braces(two === "tl");
      case "sr":
      case "dn":
      case "on":
        return this.#unresolvedName();
      case "sZ":
      case "sP":
        return this.#sizeofPack();
      case "sp": {
        this.#at += 2;
        return expansionNode(this.#expression());
      }
      case "nx":
        this.#at += 2;
        return wrap("noexcept (", this.#expression(), ")");
      case "tw":
        this.#at += 2;
        return wrap("throw ", this.#expression(), "");
      case "tr":
        this.#at += 2;
        return textNode("throw");
      case "u8":
        break;
    }
    const operator = CPP_OPERATORS[two];
    if (operator === undefined) return this.#unresolvedName();
    this.#at += 2;
    return this.#operation(two, operator.text, operator.kind);
  }

  #operation(code: string, text: string, kind: string): CppNode {
    switch (kind) {
      case "prefix": {
        const operand = this.#expression();
        return plainNode((out) => {
          out.print(text);
          // The address of a function is that of its name.
          operandNode(out, text === "&" ? nameOf(operand) : operand);
        });
      }
      case "postfix": {
        // A mark tells the prefix form from the other.
        const isPrefix = this.#take("_");
        const operand = this.#expression();
        return plainNode((out) => {
          if (isPrefix) out.print(text);
          operandNode(out, operand);
          if (!isPrefix) out.print(text);
        });
      }
      case "binary": {
        const left = this.#expression();
        const right = this.#expression();
        return plainNode((out) => {
          // A comparison would end the arguments around it.
          const isGreater = text === ">";
          if (isGreater) out.print("(");
          operandNode(out, left);
          out.print(text);
          operandNode(out, right);
          if (isGreater) out.print(")");
        });
      }
      case "member": {
        const left = this.#expression();
        const right = this.#expression();
        return plainNode((out) => {
          operandNode(out, left);
          out.print(text);
          printNode(out, right);
        });
      }
      case "array": {
        const left = this.#expression();
        const right = this.#expression();
        return plainNode((out) => {
          operandNode(out, left);
          out.print("[");
          printNode(out, right);
          out.print("]");
        });
      }
      case "ternary": {
        const parts = [
          this.#expression(),
          this.#expression(),
          this.#expression(),
        ];
        return plainNode((out) => {
          operandNode(out, parts[0]!);
          out.print("?");
          operandNode(out, parts[1]!);
          out.print(" : ");
          operandNode(out, parts[2]!);
        });
      }
      case "call": {
        const callee = this.#expression();
        const args: CppNode[] = [];
        while (!this.#take("E")) args.push(this.#expression());
        return plainNode((out) => {
          operandNode(out, callee);
          out.print("(");
          out.list(args);
          out.print(")");
        });
      }
      case "cast": {
        const type = this.#type();
        const operand = this.#expression();
        return plainNode((out) => {
          out.print(text);
          printTemplateArgs(out, [type]);
          out.print("(");
          printNode(out, operand);
          out.print(")");
        });
      }
      case "sizeof": {
        const isType = code === "st" || code === "at" || code === "ti";
        const operand = isType ? this.#type() : this.#expression();
        return wrap(`${text}(`, operand, ")");
      }
      case "delete":
        return wrap(`${text} `, this.#expression(), "");
      case "new":
        return this.#newExpression(text);
      default:
        throw new NotCpp();
    }
  }

  #newExpression(text: string): CppNode {
    const placement: CppNode[] = [];
    while (!this.#take("_")) placement.push(this.#expression());
    const type = this.#type();
    let values: CppNode[] | undefined;
    if (this.#takeText("pi")) {
      values = [];
      while (!this.#take("E")) values.push(this.#expression());
    } else this.#expect("E");
    return plainNode((out) => {
      out.print(text);
      if (placement.length > 0) {
        out.print("(");
        out.list(placement);
        out.print(")");
      }
      out.print(" ");
      printNode(out, type);
      if (values === undefined) return;
      out.print("(");
      out.list(values);
      out.print(")");
    });
  }

  #functionParameter(): CppNode {
    this.#at++;
    if (this.#next() === "L") {
      this.#number();
      this.#expect("p");
    }
    if (this.#take("T")) return textNode("this");
    this.#qualifiers();
    const index = this.#peek() === "_" ? 1 : this.#positiveNumber() + 2;
    this.#expect("_");
    return nameNode(`{parm#${index}}`);
  }

  #fold(two: string): CppNode {
    this.#at += 2;
    const operator = CPP_OPERATORS[this.#text.slice(this.#at, this.#at + 2)];
    if (operator === undefined) throw new NotCpp();
    this.#at += 2;
    const { text } = operator;
    const first = this.#expression();
    const isBinary = two === "fL" || two === "fR";
    const second = isBinary ? this.#expression() : undefined;
    return plainNode((out) => {
      out.print("(");
      if (two === "fl") {
        out.print(`...${text}`);
        operandNode(out, first);
      } else {
        operandNode(out, first);
        out.print(`${text}...`);
        if (second !== undefined) {
          out.print(text);
          operandNode(out, second);
        }
      }
      out.print(")");
    });
  }

  #conversion(): CppNode {
    this.#at += 2;
    const type = this.#type();
    const values: CppNode[] = [];
    if (this.#take("_")) {
      while (!this.#take("E")) values.push(this.#expression());
    } else values.push(this.#expression());
    return plainNode((out) => {
      out.print("(");
      printNode(out, type);
      out.print(")");
      if (values.length === 1) return operandNode(out, values[0]!);
      out.print("(");
      out.list(values);
      out.print(")");
    });
  }

  #braces(hasType: boolean): CppNode {
    this.#at += 2;
    const type = hasType ? this.#type() : undefined;
    const values: CppNode[] = [];
    while (!this.#take("E")) values.push(this.#braceValue());
    return plainNode((out) => {
      if (type !== undefined) printNode(out, type);
      out.print("{");
      out.list(values);
      out.print("}");
    });
  }

  #braceValue(): CppNode {
    if (this.#takeText("di")) {
      const name = this.#sourceName();
      const value = this.#braceValue();
      return plainNode((out) => {
        out.print(".");
        printNode(out, name);
        out.print("=");
        printNode(out, value);
      });
    }
    if (this.#takeText("dx")) {
      const index = this.#expression();
      const value = this.#braceValue();
      return plainNode((out) => {
        out.print("[");
        printNode(out, index);
        out.print("]=");
        printNode(out, value);
      });
    }
    return this.#expression();
  }

  #sizeofPack(): CppNode {
    const isArguments = this.#text[this.#at + 1] === "P";
    this.#at += 2;
    if (isArguments) {
      const args: CppNode[] = [];
      while (!this.#take("E")) args.push(this.#templateArg());
      return textNode(String(countElements(args)));
    }
    const operand = this.#peek() === "T"
      ? this.#templateParameter()
      : this.#functionParameter();
    return plainNode((out) => {
      const { pack } = operand;
      if (pack !== undefined) out.print(String(pack.length));
      else {
        out.print("sizeof...(");
        printNode(out, operand);
        out.print(")");
      }
    });
  }

  #unresolvedName(): CppNode {
    if (!this.#takeText("sr")) return this.#baseUnresolvedName();
    if (/^N[TD]/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#at++;
      let scope = this.#unresolvedType();
      while (!this.#take("E")) {
        scope = nestedNode(scope, this.#simpleId());
      }
      return nestedNode(scope, this.#baseUnresolvedName());
    }
    if (/\d/.test(this.#peek())) {
      let scope = this.#simpleId();
      // Further levels end with an E; without them there is none.
      while (/\d/.test(this.#peek()) && this.#hasLevelsLeft()) {
        scope = nestedNode(scope, this.#simpleId());
      }
      this.#take("E");
      const base = this.#baseUnresolvedName();
      return {
        ...nestedNode(scope, base),
        isPlainName: base.hasTemplateArgs !== true,
      };
    }
    const scope = this.#unresolvedType();
    return nestedNode(scope, this.#baseUnresolvedName());
  }

  #hasLevelsLeft(): boolean {
    const restore = this.#savePosition();
    const depth = this.#depth;
    try {
      this.#simpleId();
      return this.#peek() === "E" || /\d/.test(this.#peek());
    } catch (error) {
      if (!(error instanceof NotCpp)) throw error;
      this.#depth = depth;
      return false;
    } finally {
      restore();
    }
  }

  #unresolvedType(): CppNode {
    const next = this.#peek();
    if (next === "T") {
      return this.#templateTemplate(this.#remember(this.#templateParameter()));
    }
    if (next === "D") return this.#remember(this.#decltype());
    if (next === "S") return this.#templateTemplate(this.#substitutionOrStd());
    return this.#type();
  }

  #substitutionOrStd(): CppNode {
    return this.#text[this.#at + 1] === "t"
      ? this.#remember(this.#unscopedName())
      : this.#substitution();
  }

  #simpleId(): CppNode {
    const name = this.#sourceName();
    return this.#peek() === "I"
      ? templateNode(name, this.#templateArguments(false))
      : name;
  }

  #baseUnresolvedName(): CppNode {
    if (/\d/.test(this.#peek())) return this.#simpleId();
    if (this.#takeText("dn")) {
      const type = /\d/.test(this.#peek())
        ? this.#simpleId()
        : this.#unresolvedType();
      return wrap("~", type, "");
    }
    this.#takeText("on");
    const name = this.#operatorName();
    return this.#peek() === "I"
      ? templateNode(name, this.#templateArguments(false))
      : name;
  }

  /** Remembers where reading is, to go back there. */
  #savePosition(): () => void {
    const at = this.#at;
    const substitutions = this.#substitutions.length;
    const references = this.#forwardReferences.length;
    return () => {
      this.#at = at;
      this.#substitutions.length = substitutions;
      this.#forwardReferences.length = references;
    };
  }

  // ---- characters

  #guarded<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) {
      throw new NotCpp();
    }
    const result = read();
    this.#depth--;
    return result;
  }

  #number(): number {
    const isNegative = this.#take("n");
    const value = this.#positiveNumber();
    return isNegative ? -value : value;
  }

  #positiveNumber(): number {
    let end = this.#at;
    while (/\d/.test(this.#text[end] ?? "")) end++;
    if (end === this.#at || end - this.#at > 15) throw new NotCpp();
    const value = Number(this.#text.slice(this.#at, end));
    this.#at = end;
    return value;
  }

  #base36(): number {
    let end = this.#at;
    while (/[0-9A-Z]/.test(this.#text[end] ?? "")) end++;
    if (end === this.#at || end - this.#at > 8) throw new NotCpp();
    const value = parseInt(this.#text.slice(this.#at, end), 36);
    this.#at = end;
    return value;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    const character = this.#text[this.#at++];
    if (character === undefined) throw new NotCpp();
    return character;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #takeText(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw new NotCpp();
  }
}

/** A template argument that comes behind the type that names it. */
class ForwardReference implements CppNode {
  /** Which argument. */
  readonly parameterIndex: number;
  /** The argument, once it was read. */
  target: CppNode | undefined;
  readonly #isOfLambda: boolean;
  #isPrinting = false;

  constructor(index: number, isOfLambda: boolean) {
    this.parameterIndex = index;
    this.#isOfLambda = isOfLambda;
  }

  reference(out: CppPrinter): CppReference | undefined {
    return this.#isOfLambda && out.lambdas > 0
      ? undefined
      : this.target?.reference?.(out);
  }

  left(out: CppPrinter): void {
    if (this.#isOfLambda && (out.lambdas > 0 || this.target === undefined)) {
      out.print(`auto:${this.parameterIndex + 1}`);
    } else this.#use(out, (target) => out.left(target));
  }

  right(out: CppPrinter): void {
    this.#use(out, (target) => out.right(target));
  }

  shape(out: CppPrinter): "function" | "array" | undefined {
    let shape: "function" | "array" | undefined;
    this.#use(out, (target) => shape = out.shape(target));
    return shape;
  }

  /** It may be an argument of itself in a malformed name. */
  #use(out: CppPrinter, use: (target: CppNode) => void): void {
    const { target } = this;
    if (target === undefined || this.#isPrinting) return;
    if (this.#isOfLambda && out.lambdas > 0) return;
    this.#isPrinting = true;
    use(
      target.pack === undefined ? target : packParameterNode(target.pack),
    );
    this.#isPrinting = false;
  }
}

function wrap(before: string, node: CppNode, after: string): CppNode {
  return plainNode((out) => {
    out.print(before);
    printNode(out, node);
    out.print(after);
  });
}

function nameOf(node: CppNode): CppNode {
  const { functionName } = node;
  return functionName?.isNested === true &&
      functionName.functionQualifiers === undefined
    ? functionName
    : node;
}

/** An operand in parentheses unless it is a name, as what is in it may bind less. */
function operandNode(out: CppPrinter, node: CppNode): void {
  if (node.isPlainName === true) return printNode(out, node);
  out.print("(");
  printNode(out, node);
  out.print(")");
}

function countElements(args: readonly CppNode[]): number {
  return args.reduce(
    (count, arg) =>
      count + (arg.pack === undefined ? 1 : countElements(arg.pack)),
    0,
  );
}
