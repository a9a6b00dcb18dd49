package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataEx;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/**
 * A loaded module, which all optimizers in a context share, because loading compiles the PTX. The
 * last one to release it unloads it. Thread-safe.
 */
final class SharedModule {

  /**
   * A PTX text in a context. Contexts are identified by {@link ContextIds}, so a module of a
   * destroyed context is never found again, not even by a context with the same handle.
   */
  private record Key(long contextId, ByteBuffer ptx) {}

  private static final Map<Key, SharedModule> SHARED = new ConcurrentHashMap<>();

  /** Null if not shared. */
  private final Key key;

  private final CUmodule module = new CUmodule();
  private final Map<String, JCudaKernel> kernels = new ConcurrentHashMap<>();
  private int users;

  /** Whether this module was removed from {@link #SHARED}, so that no one else may join. */
  private boolean retired;

  private SharedModule(Key key) {
    this.key = key;
  }

  /**
   * Loads a module in the current context, or returns the one that is loaded already.
   *
   * @param contextId the context's number; if empty, the module is not shared
   */
  static SharedModule acquire(OptionalLong contextId, byte[] ptx) {
    if (contextId.isEmpty()) {
      SharedModule unshared = new SharedModule(null);
      unshared.join(ptx);
      return unshared;
    }
    Key key = new Key(contextId.getAsLong(), ByteBuffer.wrap(ptx.clone()));
    while (true) {
      // The module is loaded outside of the map's lock: other contexts load at the same time.
      SharedModule shared = SHARED.computeIfAbsent(key, SharedModule::new);
      if (shared.join(ptx)) {
        return shared;
      }
    }
  }

  /** Adds a user; false if another thread has just retired this module. */
  private synchronized boolean join(byte[] ptx) {
    if (retired) {
      return false;
    }
    if (users == 0) {
      try {
        load(ptx);
      } catch (RuntimeException | Error e) {
        retire();
        throw e;
      }
    }
    users++;
    return true;
  }

  private void load(byte[] ptx) {
    // Direct buffers, also for the option values that are not there: JCuda pins arrays during the
    // call, and no garbage collection could run while the driver compiles.
    ByteBuffer text = ByteBuffer.allocateDirect(ptx.length).put(ptx).flip();
    Pointer noValues = Pointer.to(ByteBuffer.allocateDirect(Long.BYTES));
    Results.check(
        "cuModuleLoadDataEx",
        "loading the kernels",
        () -> cuModuleLoadDataEx(module, Pointer.to(text), 0, new int[0], noValues));
  }

  private void retire() {
    retired = true;
    if (key != null) {
      SHARED.remove(key, this);
    }
  }

  /** Removes a user; the last one unloads the module. If that fails, the user remains. */
  synchronized void release() {
    if (users == 1) {
      Results.check("cuModuleUnload", "unloading the kernels", () -> cuModuleUnload(module));
      retire();
    }
    users--;
  }

  /** Looks up a kernel, which all users share as well. */
  JCudaKernel kernel(String name) {
    return kernels.computeIfAbsent(
        name,
        key -> {
          CUfunction function = new CUfunction();
          Results.check(
              "cuModuleGetFunction",
              "looking up kernel " + name,
              () -> cuModuleGetFunction(function, module, name));
          return new JCudaKernel(function, name);
        });
  }
}
