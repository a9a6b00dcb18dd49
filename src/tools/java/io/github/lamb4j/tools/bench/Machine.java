package io.github.lamb4j.tools.bench;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.internal.cuda.Kernels;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Describes the machine of a measurement, as far as it can be determined. */
final class Machine {

  private static final long TIMEOUT_SECONDS = 5;
  private static final String UNKNOWN = "unknown";

  private Machine() {}

  /** Facts for any backend. Query them right after the measurement, while clocks are still high. */
  static Map<String, String> facts(BackendChoice choice) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("backend", choice.backend().toUpperCase(Locale.ROOT) + ": " + choice.reason());
    facts.put("processor", processor("model name").orElse(System.getProperty("os.arch")));
    facts.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
    facts.put("processor_clock", processor("cpu MHz").map(f -> f + " MHz").orElse(UNKNOWN));
    String version = Lamb.class.getPackage().getImplementationVersion();
    facts.put("lamb4j", version == null ? "not packaged" : version);
    facts.put("commit", commit());
    facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    return facts;
  }

  /** Facts from CUDA and nvidia-smi. */
  static Map<String, String> cudaFacts(CudaDriver driver) {
    Map<String, String> facts = new LinkedHashMap<>();
    int version = driver.driverVersion();
    facts.put("device", driver.deviceName());
    facts.put("device_memory", driver.memory().total() + " bytes");
    facts.put("multiprocessors", "" + driver.attribute(DeviceAttribute.MULTIPROCESSORS));
    facts.put("highest_clock", driver.attribute(DeviceAttribute.CLOCK) / 1000 + " MHz");
    facts.put(
        "highest_memory_clock", driver.attribute(DeviceAttribute.MEMORY_CLOCK) / 1000 + " MHz");
    facts.put("memory_bus", driver.attribute(DeviceAttribute.MEMORY_BUS_WIDTH) + " bits");
    facts.put("driver", "supports CUDA " + version / 1000 + "." + version % 1000 / 10);
    facts.put("kernels", Kernels.describe());
    String query =
        "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,"
            + "temperature.gpu,power.draw,power.limit";
    List<String> command = List.of("nvidia-smi", "--query-gpu=" + query, "--format=csv,noheader");
    facts.put(
        "nvidia_smi", output(command).map(lines -> query + "\n" + lines).orElse("not available"));
    return facts;
  }

  /** The size of the last-level cache in bytes; 0 if unknown. */
  static long lastCacheBytes() {
    for (int level = 4; level > 0; level--) {
      try {
        String size =
            Files.readString(Path.of("/sys/devices/system/cpu/cpu0/cache/index" + level + "/size"));
        return 1024 * Long.parseLong(size.strip().replace("K", ""));
      } catch (IOException | NumberFormatException e) {
        // try the next level
      }
    }
    return 0;
  }

  private static Optional<String> processor(String field) {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith(field))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The commit of the checkout that contains this class, if there is one. */
  private static String commit() {
    try {
      Path built =
          Path.of(Machine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path checkout = built.getParent().getParent();
      if (!Files.exists(checkout.resolve("pom.xml"))) {
        return UNKNOWN;
      }
      return output(
              List.of(
                  "git",
                  "-C",
                  checkout.toString(),
                  "describe",
                  "--always",
                  "--dirty",
                  "--abbrev=40",
                  "--exclude=*"))
          .orElse(UNKNOWN);
    } catch (java.net.URISyntaxException | RuntimeException e) {
      return UNKNOWN;
    }
  }

  /** The output of a program; empty if it is missing, fails or takes too long. */
  private static Optional<String> output(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.exitValue() == 0 ? Optional.of(text) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
