import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.packages.IPackageInstallerSvc;
import ca.uhn.fhir.jpa.packages.PackageInstallOutcomeJson;
import ca.uhn.fhir.jpa.packages.PackageInstallationSpec;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.utilities.npm.NpmPackage;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * Installs FHIR packages (.tgz, in the order of PACKAGES, separated by ":") with the package installer of HAPI FHIR JPA, its
 * settings as they come, and validates the examples of the last one with what is installed then. A line a package
 * (INSTALLED name version {type=count}), a line an example (EXAMPLE file number-of-errors), a line an error.
 */
public class InstallPackages {
    public static void main(String[] ignored) throws Exception {
        try (var app = new AnnotationConfigApplicationContext()) {
            app.register(HapiServer.class);
            app.refresh();
            NpmPackage last = null;
            for (String file : System.getenv("PACKAGES").split(":")) {
                last = install(app.getBean(IPackageInstallerSvc.class), Path.of(file));
            }
            FhirValidator validator = app.getBean(FhirContext.class).newValidator();
            validator.registerValidatorModule(app.getBean(FhirInstanceValidator.class));
            for (String name : last.getFolders().get("example").listFiles()) {
                if (!name.startsWith(".")) {
                    example(validator, name, new String(last.getFolders().get("example").fetchFile(name), StandardCharsets.UTF_8));
                }
            }
        }
        System.exit(0);
    }

    private static NpmPackage install(IPackageInstallerSvc installer, Path file) throws Exception {
        byte[] data = Files.readAllBytes(file);
        NpmPackage read = NpmPackage.fromPackage(new ByteArrayInputStream(data));
        PackageInstallOutcomeJson done = installer.install(new PackageInstallationSpec()
                .setName(read.name()).setVersion(read.version()).setPackageContents(data)
                .setInstallMode(PackageInstallationSpec.InstallModeEnum.STORE_AND_INSTALL).setFetchDependencies(false));
        System.out.println("INSTALLED " + read.name() + " " + read.version() + " " + new TreeMap<>(done.getResourcesInstalled()));
        return read;
    }

    private static void example(FhirValidator validator, String name, String text) {
        int errors = 0;
        for (SingleValidationMessage issue : validator.validateWithResult(text).getMessages()) {
            if (issue.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0) {
                errors++;
                System.out.println("ERROR " + name + " " + issue.getLocationString() + " " + issue.getMessage().replaceAll("\\s+", " "));
            }
        }
        System.out.println("EXAMPLE " + name + " " + errors);
    }
}
