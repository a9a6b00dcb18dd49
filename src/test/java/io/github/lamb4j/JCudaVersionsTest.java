package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything in JCuda that lamb4j refers to, looked up in the supported versions of JCuda. */
class JCudaVersionsTest {

  private static final Path CLASSES = Path.of("target/classes");
  private static final Path VERSIONS = Path.of("target/jcuda-versions");
  private static final Pattern MEMBER =
      Pattern.compile(
          "= (?:Methodref|InterfaceMethodref|Fieldref) .*// \"?([^\".]+)\"?\\.\"?([\\w$<>]+)\"?:(\\S+)");
  private static final Pattern CLASS = Pattern.compile("= Class .*// (jcuda/[\\w/$]+)$");

  /** A reference in a constant pool; name and descriptor are empty for a class. */
  private record Reference(String owner, String name, String descriptor)
      implements Comparable<Reference> {
    @Override
    public int compareTo(Reference other) {
      return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
      return name.isEmpty() ? owner : owner + "." + name + ":" + descriptor;
    }
  }

  private static final Set<Reference> REFERENCES = new TreeSet<>();

  static {
    StringWriter text = new StringWriter();
    try (Stream<Path> files = Files.walk(CLASSES)) {
      String[] arguments =
          Stream.concat(
                  Stream.of("-v", "-p"),
                  files.filter(JCudaVersionsTest::namesJCuda).map(Path::toString))
              .toArray(String[]::new);
      PrintWriter out = new PrintWriter(text);
      assertEquals(0, ToolProvider.findFirst("javap").orElseThrow().run(out, out, arguments));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    text.toString()
        .lines()
        .forEach(
            line -> {
              Matcher member = MEMBER.matcher(line);
              if (member.find()) {
                REFERENCES.add(new Reference(member.group(1), member.group(2), member.group(3)));
              }
              Matcher type = CLASS.matcher(line);
              if (type.find()) {
                REFERENCES.add(new Reference(type.group(1), "", ""));
              }
            });
  }

  private static boolean namesJCuda(Path file) {
    try {
      return file.toString().endsWith(".class")
          && new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains("jcuda/");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> missing(String version) throws Exception {
    URL[] classPath = {
      CLASSES.toUri().toURL(), jar("jcuda", version), jar("jcublas", version),
    };
    List<String> missing = new ArrayList<>();
    try (URLClassLoader loader =
        new URLClassLoader(classPath, ClassLoader.getPlatformClassLoader())) {
      for (Reference reference : REFERENCES) {
        if (isJCuda(reference, loader) && !exists(reference, loader)) {
          missing.add(reference.toString());
        }
      }
    }
    return missing;
  }

  private static URL jar(String artifact, String version) throws IOException {
    Path jar = VERSIONS.resolve(artifact + "-" + version + ".jar");
    assertTrue(Files.exists(jar), () -> jar + " is missing; run mvn process-test-resources");
    return jar.toUri().toURL();
  }

  /** Members of our subclasses of JCuda's classes may be inherited from JCuda. */
  private static boolean isJCuda(Reference reference, ClassLoader loader) throws Exception {
    if (reference.owner.startsWith("jcuda/")) {
      return true;
    }
    if (!reference.owner.startsWith("io/github/lamb4j/")) {
      return false;
    }
    Class<?> type = Class.forName(reference.owner.replace('/', '.'), false, loader);
    return type.getSuperclass() != null && type.getSuperclass().getName().startsWith("jcuda.");
  }

  private static boolean exists(Reference reference, ClassLoader loader) {
    try {
      Class<?> owner = Class.forName(reference.owner.replace('/', '.'), false, loader);
      if (reference.name.isEmpty()) {
        return true;
      }
      for (Class<?> type = owner; type != null; type = type.getSuperclass()) {
        if (declares(type, reference, loader)) {
          return true;
        }
      }
      return false;
    } catch (ClassNotFoundException | LinkageError | TypeNotPresentException e) {
      return false;
    }
  }

  private static boolean declares(Class<?> type, Reference reference, ClassLoader loader) {
    if (!reference.descriptor.startsWith("(")) {
      Class<?> wanted =
          MethodType.fromMethodDescriptorString("()" + reference.descriptor, loader).returnType();
      return Arrays.stream(type.getDeclaredFields())
          .anyMatch(f -> f.getName().equals(reference.name) && f.getType() == wanted);
    }
    MethodType wanted = MethodType.fromMethodDescriptorString(reference.descriptor, loader);
    if (reference.name.equals("<init>")) {
      return Arrays.stream(type.getDeclaredConstructors())
          .map(Constructor::getParameterTypes)
          .anyMatch(types -> Arrays.equals(types, wanted.parameterArray()));
    }
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals(reference.name))
        .anyMatch(method -> signature(method).equals(wanted));
  }

  private static MethodType signature(Method method) {
    return MethodType.methodType(method.getReturnType(), method.getParameterTypes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.2.0", "11.8.0", "12.0.0", "12.6.0"})
  void shouldLinkToEveryReferenceInSupportedVersions(String version) throws Exception {
    assertEquals(List.of(), missing(version));
  }

  @Test
  void shouldFindReferences() {
    List<String> names = REFERENCES.stream().map(Reference::toString).toList();
    for (String expected :
        List.of(
            "jcuda/driver/JCudaDriver.cuInit:(I)I",
            "jcuda/jcublas/JCublas2.cublasCreate:(Ljcuda/jcublas/cublasHandle;)I",
            "jcuda/driver/CUstream",
            "jcuda/driver/CUdeviceptr.<init>:()V",
            "io/github/lamb4j/internal/cuda/driver/JCudaContexts$Context.getNativePointer:()J")) {
      assertTrue(names.contains(expected), expected);
    }
  }

  /** A class that came after 10.2. */
  @Test
  void shouldNoticeWhatAVersionLacks() throws Exception {
    Reference reference = new Reference("jcuda/JCudaVersion", "get", "()Ljava/lang/String;");
    for (String version : List.of("10.2.0", "11.8.0")) {
      try (URLClassLoader loader =
          new URLClassLoader(
              new URL[] {jar("jcuda", version)}, ClassLoader.getPlatformClassLoader())) {
        assertEquals(version.equals("11.8.0"), exists(reference, loader));
      }
    }
  }
}
