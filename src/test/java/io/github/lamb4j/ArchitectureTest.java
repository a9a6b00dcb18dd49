package io.github.lamb4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.PackageMatcher;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;

/** The allowed dependencies between packages. */
@AnalyzeClasses(packages = "io.github.lamb4j", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.lamb4j";
  private static final String INTERNAL = "io.github.lamb4j.internal..";
  private static final String NUMERICS = "io.github.lamb4j.internal.numerics..";
  private static final String SPI = "io.github.lamb4j.internal.spi..";
  private static final String ENGINE = "io.github.lamb4j.internal.engine..";
  private static final String CPU = "io.github.lamb4j.internal.cpu..";
  private static final String CUDA = "io.github.lamb4j.internal.cuda..";
  private static final String DRIVER = "io.github.lamb4j.internal.cuda.driver..";
  private static final String SAFETENSORS = "io.github.lamb4j.internal.safetensors..";
  private static final String FILES = "io.github.lamb4j.internal.files..";
  private static final String CHART = "io.github.lamb4j.internal.chart..";
  private static final String RUN_PAGE = "io.github.lamb4j.internal.runpage..";
  private static final String PAGE = "io.github.lamb4j.page..";
  private static final String MPI = "io.github.lamb4j.internal.mpi..";
  private static final String NCCL = "io.github.lamb4j.internal.nccl..";
  private static final String SHARDING = "io.github.lamb4j.sharding..";
  private static final String ERROR = "io.github.lamb4j.error..";
  private static final String TOOLS = "io.github.lamb4j.tools..";
  private static final String BENCH = "io.github.lamb4j.tools.bench..";
  private static final String CUBLAS = "io.github.lamb4j.tools.cublas..";
  private static final String CUDA_TRAINING = "io.github.lamb4j.tools.train.cuda..";
  private static final String EMULATOR = "io.github.lamb4j.emulator..";

  /** The public packages whose types programs pass to the root package. */
  private static final String[] VOCABULARY = {
    "io.github.lamb4j.config..",
    "io.github.lamb4j.error..",
    "io.github.lamb4j.model..",
    "io.github.lamb4j.report..",
    "io.github.lamb4j.schedule.."
  };

  /** Every package is a slice, including the root package. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return PackageMatcher.of("io.github.lamb4j..").matches(javaClass.getPackageName())
              ? SliceIdentifier.of(javaClass.getPackageName())
              : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  @ArchTest
  static final ArchRule packagesShouldBeFreeOfCycles =
      slices().assignedFrom(PACKAGES).should().beFreeOfCycles();

  @ArchTest
  static final ArchRule vocabularyShouldNotDependOnOtherPackages =
      noClasses()
          .that()
          .resideInAnyPackage(VOCABULARY)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT, INTERNAL, TOOLS, EMULATOR);

  @ArchTest
  static final ArchRule internalsShouldNotDependOnRootPackage =
      noClasses()
          .that()
          .resideInAPackage(INTERNAL)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT, TOOLS, EMULATOR);

  @ArchTest
  static final ArchRule jcudaShouldBeUsedOnlyByDriverPublicTypesAndCudaTools =
      noClasses()
          .that()
          .resideOutsideOfPackages(DRIVER, BENCH, CUBLAS, CUDA_TRAINING)
          .and()
          .doNotBelongToAnyOf(
              Parameter.class, DeviceParameter.class, DeviceArray.class, Scalar.class, Lamb.class)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jcuda..");

  @ArchTest
  static final ArchRule numericsShouldDependOnNothing =
      classes()
          .that()
          .resideInAPackage(NUMERICS)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(NUMERICS, "java..");

  @ArchTest
  static final ArchRule cpuShouldNotKnowCudaEngineOrFiles =
      noClasses()
          .that()
          .resideInAPackage(CPU)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CUDA, ENGINE, SAFETENSORS, FILES);

  @ArchTest
  static final ArchRule cudaShouldNotKnowCpuEngineOrFiles =
      noClasses()
          .that()
          .resideInAPackage(CUDA)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CPU, ENGINE, SAFETENSORS, FILES);

  @ArchTest
  static final ArchRule engineAndSpiShouldNotKnowBackends =
      noClasses()
          .that()
          .resideInAnyPackage(ENGINE, SPI)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CPU, CUDA);

  @ArchTest
  static final ArchRule libraryShouldNotNeedDependenciesOfTools =
      noClasses()
          .that()
          .resideOutsideOfPackages(TOOLS)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "picocli..", "ch.qos..", "me.tongfei..", "net.sf.extjwnl..", "jcuda.jcublas..");

  @ArchTest
  static final ArchRule bindingsShouldDependOnlyOnJna =
      classes()
          .that()
          .resideInAnyPackage(MPI, NCCL)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(MPI, NCCL, "com.sun.jna..", "java..");

  @ArchTest
  static final ArchRule jnaShouldBeUsedOnlyByBindings =
      noClasses()
          .that()
          .resideOutsideOfPackages(MPI, NCCL)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.jna..");

  @ArchTest
  static final ArchRule shardingShouldNotKnowOptimizer =
      classes()
          .that()
          .resideInAPackage(SHARDING)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(SHARDING, MPI, NCCL, ERROR, "java..");

  @ArchTest
  static final ArchRule jsonShouldBeUsedOnlyBySafetensorsAndTools =
      noClasses()
          .that()
          .resideOutsideOfPackages(SAFETENSORS, TOOLS)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.fasterxml..");

  @ArchTest
  static final ArchRule chartsShouldKnowOnlyFiles =
      classes()
          .that()
          .resideInAPackage(CHART)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(CHART, FILES, "java..");

  /** A page is made from reports, whoever has filled them. */
  @ArchTest
  static final ArchRule runPageShouldKnowOnlyReportsAndCharts =
      classes()
          .that()
          .resideInAnyPackage(RUN_PAGE, PAGE)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(RUN_PAGE, PAGE, CHART, "io.github.lamb4j.report..", "java..");

  @ArchTest
  static final ArchRule filesShouldNotKnowOptimizer =
      noClasses()
          .that()
          .resideInAnyPackage(SAFETENSORS, FILES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT, SPI, ENGINE, CPU, CUDA);

  @ArchTest
  static final ArchRule emulatorShouldDependOnlyOnTheDriverAndErrors =
      classes()
          .that()
          .resideInAPackage(EMULATOR)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(EMULATOR, DRIVER, "io.github.lamb4j.error..", "java..");

  /** The benchmark also needs the driver, for device memory, copies, events and launch counts. */
  @ArchTest
  static final ArchRule toolsShouldUsePublicApi =
      noClasses()
          .that()
          .resideInAPackage(TOOLS)
          .and()
          .resideOutsideOfPackage(BENCH)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CPU, CUDA, SPI);
}
