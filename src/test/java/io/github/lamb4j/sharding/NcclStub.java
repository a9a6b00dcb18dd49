package io.github.lamb4j.sharding;

import com.sun.jna.NativeLibrary;
import io.github.lamb4j.internal.nccl.Nccl;
import java.io.IOException;
import java.nio.file.Path;

/** The library of {@code nccl/stub.c}, built with the system's C compiler. */
final class NcclStub {

  private final NativeLibrary library;

  private NcclStub(NativeLibrary library) {
    this.library = library;
  }

  /** Builds the stub, and lets lamb4j load it in place of NCCL and the CUDA driver. */
  static NcclStub install(Path folder) throws IOException, InterruptedException {
    Path file = StubLibrary.build(folder, "nccl");
    System.setProperty(Nccl.PROPERTY, file.toString());
    System.setProperty(Nccl.CUDA_PROPERTY, file.toString());
    return new NcclStub(NativeLibrary.getInstance(file.toString()));
  }

  static void uninstall() {
    System.clearProperty(Nccl.PROPERTY);
    System.clearProperty(Nccl.CUDA_PROPERTY);
  }

  void reset() {
    call("stub_reset");
  }

  /** Lets a function return an error. */
  void fail(String function, int code) {
    call("stub_fail", function, code);
  }

  /** The communicator reports an error. */
  void setAsyncError(int code) {
    call("stub_async", code);
  }

  /** The communicator does not connect. */
  void setStuck() {
    call("stub_stuck", 1);
  }

  /** What the query of an event returns: 600 if the device has not passed it. */
  void setEvent(int code) {
    call("stub_event", code);
  }

  void setVersion(int code) {
    call("stub_version", code);
  }

  String log() {
    return (String) library.getFunction("stub_log").invoke(String.class, new Object[0]);
  }

  private void call(String function, Object... arguments) {
    library.getFunction(function).invokeVoid(arguments);
  }
}
