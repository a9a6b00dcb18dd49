package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Place;
import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Space;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A module in device memory: its kernels and variables. A kernel is bound when it is first looked
 * up, so a module loads although some of its kernels use instructions that are not supported.
 */
final class LoadedModule {

  private final ParsedModule parsed;
  private final Map<String, Kernel> bound = new HashMap<>();
  private final List<Variable> shared = new ArrayList<>();
  private final Map<String, Place> places = new HashMap<>();
  private final Map<String, Allocation> variables = new HashMap<>();

  LoadedModule(ParsedModule parsed, GlobalMemory memory) {
    this.parsed = parsed;
    for (Variable variable : parsed.variables()) {
      if (variable.space() == Space.SHARED) shared.add(variable);
      else places.put(variable.name(), place(variable, memory));
    }
  }

  /** The kernel with this name, or null. Fails if it cannot run on the emulator. */
  Kernel kernel(String name) {
    Kernel kernel = bound.get(name);
    if (kernel != null) return kernel;
    Function function = parsed.kernel(name);
    if (function == null) return null;
    try {
      kernel = new Kernel(new KernelBuilder(function, parsed, shared, places));
    } catch (EmulatorException e) {
      throw new EmulatorException(
          "kernel %s does not run on the emulator: %s".formatted(name, e.getMessage()), e);
    }
    bound.put(name, kernel);
    return kernel;
  }

  /** The memory of a variable, or null if there is none of this name. */
  Allocation variable(String name) {
    return variables.get(name);
  }

  private Place place(Variable variable, GlobalMemory memory) {
    if (variable.bytes() < 0) {
      throw EmulatorException.atLine(variable.line(), "external variables are not supported");
    }
    Allocation allocation =
        memory.allocate(variable.bytes(), Purpose.OTHER, "module variable " + variable.name());
    variables.put(variable.name(), allocation);
    allocation.clear(0, variable.bytes());
    if (variable.initial() != null) {
      for (int i = 0; i < variable.initial().length; i++) {
        allocation.put(i, variable.initial()[i]);
      }
    }
    allocation.constant = variable.space() == Space.CONST;
    return new Place(variable.space(), allocation.start);
  }

  void unload(GlobalMemory memory) {
    for (Allocation allocation : variables.values()) memory.free(allocation.start);
  }
}
