package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceRange;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The loaded modules and the functions looked up in them, by handle. */
final class Modules {

  private record Function(long module, Kernel kernel) {}

  /** A PTX text and its parsed form. */
  private record Parsed(String text, ParsedModule module) {}

  /** Cache of the last parsed text: nearly all tests load the same one. */
  private static volatile Parsed last = new Parsed("", null);

  private final EmulatedDevice device;
  private final GlobalMemory memory;
  private final Map<Long, LoadedModule> modules = new HashMap<>();
  private final Map<Long, Function> functions = new HashMap<>();

  Modules(EmulatedDevice device, GlobalMemory memory) {
    this.device = device;
    this.memory = memory;
  }

  /** The handles of the loaded modules. */
  Set<Long> loaded() {
    return modules.keySet();
  }

  void load(long handle, byte[] ptx, UnaryOperator<String> rewriting, String doing) {
    int length = ptx.length;
    if (length == 0 || ptx[length - 1] != 0) {
      throw new EmulatorException("PTX text must end in a zero byte");
    }
    String text = new String(ptx, 0, length - 1, StandardCharsets.US_ASCII);
    ParsedModule parsed = parse(rewriting.apply(text));
    if (parsed.version() > ptxVersion(device.driverVersion())) {
      throw DriverErrors.failed(Call.LOAD_MODULE, DriverErrors.UNSUPPORTED_PTX_VERSION, doing);
    }
    if (parsed.target() > device.computeCapability()) {
      throw DriverErrors.failed(Call.LOAD_MODULE, DriverErrors.NO_BINARY_FOR_GPU, doing);
    }
    modules.put(handle, new LoadedModule(parsed, memory));
  }

  private static ParsedModule parse(String text) {
    Parsed known = last;
    if (!known.text.equals(text)) {
      known = new Parsed(text, PtxParser.parse(text));
      last = known;
    }
    return known.module;
  }

  /** The newest PTX version a driver supports, times ten: 6.0 for CUDA 9.0, 9.0 for CUDA 13.0. */
  private static int ptxVersion(int driverVersion) {
    int major = driverVersion / 1000;
    int minor = driverVersion % 1000 / 10;
    if (major == 10) return 63 + minor;
    return (major < 10 ? 60 : 10 * (major - 4)) + minor;
  }

  void unload(long module) {
    LoadedModule loaded = modules.remove(module);
    if (loaded == null) throw new EmulatorException("unload of an unknown module");
    loaded.unload(memory);
    functions.values().removeIf(function -> function.module() == module);
  }

  void lookUp(long handle, long module, String name, String doing) {
    Kernel kernel = module(module, Call.FUNCTION, doing).kernel(name);
    if (kernel == null) throw DriverErrors.failed(Call.FUNCTION, DriverErrors.NOT_FOUND, doing);
    functions.put(handle, new Function(module, kernel));
  }

  /** The kernel with this handle. Fails if it is unknown or its module was unloaded. */
  Kernel kernel(long function, Call call, String doing) {
    Function found = functions.get(function);
    if (found == null) throw DriverErrors.failed(call, DriverErrors.INVALID_HANDLE, doing);
    return found.kernel();
  }

  /** Whether the handle is a kernel of a loaded module. */
  boolean isLoaded(long function) {
    return functions.containsKey(function);
  }

  /** The kernel's name for messages. */
  String nameOf(long function) {
    Function found = functions.get(function);
    return found == null ? "an unknown function" : found.kernel().name;
  }

  DeviceRange variable(long module, String name, String doing) {
    Allocation found = module(module, Call.VARIABLE, doing).variable(name);
    if (found == null) throw DriverErrors.failed(Call.VARIABLE, DriverErrors.NOT_FOUND, doing);
    return new DeviceRange(found.start, found.bytes);
  }

  private LoadedModule module(long handle, Call call, String doing) {
    LoadedModule loaded = modules.get(handle);
    if (loaded == null) throw DriverErrors.failed(call, DriverErrors.INVALID_HANDLE, doing);
    return loaded;
  }
}
