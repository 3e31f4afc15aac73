package format

import "fmt"

// OpenShapefile is not there yet.
func OpenShapefile(path, _ string) (Features, error) {
	return nil, fmt.Errorf("%s: Shapefiles cannot be read yet", path)
}

// OpenGeoPackage is not there yet.
func OpenGeoPackage(path, _ string) (Features, error) {
	return nil, fmt.Errorf("%s: GeoPackages cannot be read yet", path)
}
