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

/** A module in device memory: its kernels and variables. */
final class LoadedModule {

  final Map<String, Kernel> kernels = new HashMap<>();
  private final List<Allocation> variables = new ArrayList<>();

  LoadedModule(ParsedModule parsed, GlobalMemory memory) {
    List<Variable> shared = new ArrayList<>();
    Map<String, Place> places = new HashMap<>();
    for (Variable variable : parsed.variables()) {
      if (variable.space() == Space.SHARED) shared.add(variable);
      else places.put(variable.name(), place(variable, memory));
    }
    for (Function function : parsed.functions()) {
      kernels.put(function.name(), new Kernel(new KernelBuilder(function, shared, places)));
    }
  }

  private Place place(Variable variable, GlobalMemory memory) {
    if (variable.bytes() < 0) {
      throw EmulatorException.atLine(variable.line(), "external variables are not supported");
    }
    Allocation allocation =
        memory.allocate(variable.bytes(), Purpose.OTHER, "module variable " + variable.name());
    variables.add(allocation);
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
    for (Allocation allocation : variables) memory.free(allocation.start);
  }
}
