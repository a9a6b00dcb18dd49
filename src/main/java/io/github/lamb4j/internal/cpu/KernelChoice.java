package io.github.lamb4j.internal.cpu;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the fastest kernels that this Java virtual machine can run: vector loops if it was
 * started with the incubator module that they need, otherwise plain loops.
 */
final class KernelChoice {

  private static final Logger LOG = LoggerFactory.getLogger("io.github.lamb4j.Lamb");
  private static final String MODULE = "jdk.incubator.vector";

  /** Found by name, because this class must load without the module. */
  private static final String VECTOR_KERNELS = "io.github.lamb4j.internal.cpu.VectorTileKernels";

  private static final Supplier<TileKernels> BEST = vectorKernels().orElse(ScalarTileKernels::new);

  private KernelChoice() {}

  /** Makes the fastest kernels, for one worker. */
  static TileKernels best() {
    return BEST.get();
  }

  /** Makes vector kernels; empty, with the reason in the log, if they cannot be used. */
  static Optional<Supplier<TileKernels>> vectorKernels() {
    Optional<Module> module = ModuleLayer.boot().findModule(MODULE);
    if (module.isEmpty()) {
      LOG.info(
          "CPU steps use plain loops; for faster ones start Java with --add-modules {}", MODULE);
      return Optional.empty();
    }
    // Not in the module descriptor, which would request the module from every user.
    KernelChoice.class.getModule().addReads(module.get());
    try {
      Constructor<? extends TileKernels> constructor =
          Class.forName(VECTOR_KERNELS).asSubclass(TileKernels.class).getDeclaredConstructor();
      constructor.newInstance();
      return Optional.of(() -> newInstance(constructor));
    } catch (InvocationTargetException e) {
      LOG.info("CPU steps use plain loops: {}", e.getCause().getMessage());
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.warn("CPU steps use plain loops: the vector loops do not run on this Java version", e);
    }
    return Optional.empty();
  }

  private static TileKernels newInstance(Constructor<? extends TileKernels> constructor) {
    try {
      return constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("vector kernels", e);
    }
  }
}
