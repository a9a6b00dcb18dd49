package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Place;
import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Reference;
import io.github.lamb4j.emulator.ParsedModule.Space;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A module in device memory: its kernels and variables. A kernel is bound when it is first looked
 * up, so a module loads although some of its kernels use instructions or variables that are not
 * supported.
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
      if (variable.fault() != null) refuse(variable, variable.fault());
      else if (variable.space() == Space.SHARED) shared.add(variable);
      else place(variable, memory);
    }
    for (Variable variable : parsed.variables())
      variable.references().forEach(r -> link(variable, r));
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

  /** The memory of a variable, or null if there is none of this name. Fails if it is refused. */
  Allocation variable(String name) {
    Place place = places.get(name);
    if (place != null && place.fault() != null) throw place.fault();
    return variables.get(name);
  }

  private void refuse(Variable variable, EmulatorException fault) {
    String message =
        "module variable %s is not supported: %s".formatted(variable.name(), fault.getMessage());
    places.put(
        variable.name(), new Place(variable.space(), 0, new EmulatorException(message, fault)));
  }

  /** Stores the address of another variable. The addresses of functions do not exist. */
  private void link(Variable variable, Reference reference) {
    Allocation target = variables.get(reference.name());
    if (target == null) {
      String what = "%s has no address in global memory".formatted(reference.name());
      refuse(variable, EmulatorException.atLine(variable.line(), what));
      return;
    }
    long address = target.start + reference.offset();
    Allocation allocation = variables.get(variable.name());
    for (int i = 0; i < Long.BYTES; i++) {
      allocation.put(reference.at() + i, (byte) (address >>> 8 * i));
    }
  }

  private void place(Variable variable, GlobalMemory memory) {
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
    places.put(variable.name(), new Place(variable.space(), allocation.start));
  }

  void unload(GlobalMemory memory) {
    for (Allocation allocation : variables.values()) memory.free(allocation.start);
  }
}
