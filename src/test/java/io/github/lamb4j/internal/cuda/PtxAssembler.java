package io.github.lamb4j.internal.cuda;

import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCompile;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCreate;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerDestroy;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLogSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLogSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetVersion;

import java.nio.charset.StandardCharsets;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/** NVIDIA's PTX compiler, which JCuda's native library contains. */
final class PtxAssembler {

  /** The compiler's log: resource usage or errors. */
  record Result(boolean succeeded, String log) {}

  private PtxAssembler() {}

  static boolean isAvailable() {
    try {
      return nvPTXCompilerGetVersion(new int[1], new int[1]) == 0;
    } catch (LinkageError e) {
      return false;
    }
  }

  static Result assemble(String ptx, String architecture) {
    byte[] text = (ptx + "\0").getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    nvPTXCompilerCreate(handle, text.length, text);
    try {
      int code =
          nvPTXCompilerCompile(handle, 2, new String[] {"--gpu-name=" + architecture, "--verbose"});
      return new Result(code == 0, code == 0 ? infoLog(handle) : errorLog(handle));
    } finally {
      nvPTXCompilerDestroy(handle);
    }
  }

  private static String infoLog(nvPTXCompilerHandle handle) {
    long[] size = new long[1];
    nvPTXCompilerGetInfoLogSize(handle, size);
    byte[] log = new byte[(int) size[0] + 1];
    nvPTXCompilerGetInfoLog(handle, log);
    return new String(log, StandardCharsets.US_ASCII);
  }

  private static String errorLog(nvPTXCompilerHandle handle) {
    long[] size = new long[1];
    nvPTXCompilerGetErrorLogSize(handle, size);
    byte[] log = new byte[(int) size[0] + 1];
    nvPTXCompilerGetErrorLog(handle, log);
    return new String(log, StandardCharsets.US_ASCII);
  }
}
