package api

func (s *Server) adjustmentRoutes() []route { return nil }
